"""Whether templates can be compiled, without an issue to fill them with."""

from pathlib import Path

from mailer.errors import TemplateError
from mailer.rendering.environment import explained, make_environment, read_templates


def find_template_faults(folder: Path) -> list[TemplateError]:
    """Return what keeps each template of a folder from being compiled; what only shows when it runs does not."""
    try:
        templates = read_templates(folder)
    except TemplateError as error:
        return [error]
    environment, found = make_environment(templates), list[TemplateError]()
    for name, _source in templates.sources:
        try:
            with explained(templates, name):
                environment.get_template(name)
        except TemplateError as error:
            found.append(error)
    return found
