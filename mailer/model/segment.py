"""Segments: which readers of a list are meant, by what is known of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mailer.model.city import fold_city
from mailer.model.delivery import Contact


@dataclass(frozen=True, slots=True)
class Segment:
    """A filter over readers; each part that is not empty must fit. titles: words of which one stands in the title."""

    cities: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def fits(self, contact: Contact) -> bool:
        """Return whether a contact is meant; store/segments.py says the same to the database."""
        known = dict(contact.attributes)
        return (
            (not self.cities or fold_city(contact.city) in map(fold_city, self.cities))
            and (not self.levels or contact.level in self.levels)
            and (not self.titles or any(word in contact.title for word in self.titles))
            and all(known.get(name) in values for name, values in self.attributes)
        )


Filters = tuple[Segment, ...]  # one of them must fit; none: everybody


def fits_any(filters: Filters, contact: Contact) -> bool:
    """Return whether a contact is meant by filters."""
    return not filters or any(one.fits(contact) for one in filters)


def filters_to_json(filters: Filters) -> list[dict[str, Any]] | None:
    """Return filters as a mailing keeps them; None for none."""
    return [
        {
            "cities": list(one.cities),
            "levels": list(one.levels),
            "titles": list(one.titles),
            "attributes": {name: list(values) for name, values in one.attributes},
        }
        for one in filters
    ] or None


def filters_from_json(stored: Sequence[Mapping[str, Any]] | None) -> Filters:
    """Return what `filters_to_json` gave."""
    return tuple(
        Segment(
            tuple(one["cities"]),
            tuple(one["levels"]),
            tuple(one["titles"]),
            tuple(sorted((name, tuple(values)) for name, values in one["attributes"].items())),
        )
        for one in stored or ()
    )
