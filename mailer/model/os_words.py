"""What the operating system says of a file, in the user's language: its own words are English in most houses."""

import errno

from mailer.i18n import N_, _

_WORDS = {
    errno.ENOENT: N_("there is no such file or folder"),
    errno.EACCES: N_("the rights for it are missing"),
    errno.EPERM: N_("the rights for it are missing"),
    errno.EISDIR: N_("it is a folder"),
    errno.ENOTDIR: N_("a part of its path is no folder"),
    errno.EEXIST: N_("it is there already"),
    errno.ENOSPC: N_("the disk is full"),
    errno.EDQUOT: N_("the disk is full"),
    errno.EROFS: N_("nothing can be written to this disk"),
    errno.ENAMETOOLONG: N_("its name is too long"),
    errno.ENOTEMPTY: N_("the folder is not empty"),
    errno.EMFILE: N_("too many files are open"),
    errno.EIO: N_("the disk does not answer"),
}


def say_os_error(error: Exception) -> str:
    """Return why something could not be read or written, without its name; the system's words where we have none."""
    word = _WORDS.get(getattr(error, "errno", None) or 0)
    return _(word) if word else getattr(error, "strerror", None) or str(error) or type(error).__name__
