"""Programs that fetch links and pictures, by their User-Agent: rows of agents.toml, the first that fits counts."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mailer.model.reading import HitKind, Judgement, Verdict

_FILE = Path(__file__).with_name("agents.toml")
_UNKNOWN = Judgement(Verdict.UNKNOWN, "unknown-agent")


@dataclass(frozen=True, slots=True)
class Agent:
    """One row: texts are in lower case."""

    judgement: Judgement
    whole: frozenset[str]
    parts: tuple[str, ...]
    kinds: frozenset[HitKind]

    def fits(self, agent: str, kind: HitKind) -> bool:
        """Tell whether the row is of this program, whose name is given in lower case."""
        return kind in self.kinds and (agent in self.whole or any(part in agent for part in self.parts))


@dataclass(frozen=True, slots=True)
class AgentTable:
    """The rows in their order."""

    agents: tuple[Agent, ...]

    def judge(self, agent: str, kind: HitKind) -> Judgement:
        """Return what the name of a program alone says."""
        lowered = agent.strip().lower()
        return next((one.judgement for one in self.agents if one.fits(lowered, kind)), _UNKNOWN)


def read_agents(rows: Sequence[Mapping[str, Any]]) -> AgentTable:
    """Return the table of rows as agents.toml has them. Raises KeyError or ValueError for a row that is none."""
    return AgentTable(
        tuple(
            Agent(
                Judgement(Verdict(row["verdict"]), row["name"]),
                frozenset(text.lower() for text in row.get("is", ())),
                tuple(text.lower() for text in row.get("has", ())),
                frozenset(HitKind(kind) for kind in row.get("kinds", HitKind)),
            )
            for row in rows
        )
    )


@cache
def known_agents() -> AgentTable:
    """Return the program's own table."""
    return read_agents(tomllib.loads(_FILE.read_text("utf-8"))["agent"])
