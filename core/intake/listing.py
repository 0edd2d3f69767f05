"""What a walk over a zip or a folder finds: images, refusals, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass

from core.contracts import N_, Message, Refusal
from core.intake.entries import EntryPath, is_junk, is_other_file


@dataclass(frozen=True)
class ImageEntry:
    """One image of a collection, by labels that are safe to show."""

    name: str
    folders: tuple[str, ...]
    """Names of the folders above it, outermost first."""
    size_bytes: int

    @property
    def label(self) -> str:
        """Folders and name together; unique within its source."""
        return "/".join((*self.folders, self.name))


class Listing:
    """Collects what a walk over a zip or a folder finds."""

    def __init__(self) -> None:
        self.entries: list[ImageEntry] = []
        self.refused: list[Refusal] = []
        self.junk = 0
        self.others = 0
        self.twins = 0
        self._seen: dict[str, int] = {}

    def skips(self, name: str) -> bool:
        """Count and leave out what is no image and does no harm."""
        junk, other = is_junk(name), is_other_file(name)
        self.junk += junk
        self.others += other and not junk
        return junk or other

    def add(self, path: EntryPath, size_bytes: int) -> ImageEntry:
        """Take an image, numbering it when a name like it is already there."""
        key = str(path).casefold()
        self._seen[key] = count = self._seen.get(key, 0) + 1
        self.twins += count == 2
        name = path.name if count == 1 else f"{path.name} ({count})"
        entry = ImageEntry(name, path.folders, size_bytes)
        self.entries.append(entry)
        return entry

    def notices(self, encoding: str = "") -> tuple[Message, ...]:
        """What was left out or guessed."""
        said = []
        if self.junk:
            said.append(Message(N_("Skipped system files: {count}."), {"count": self.junk}))
        if self.others:
            said.append(Message(N_("Skipped files that are no images: {count}."), {"count": self.others}))
        if self.twins:
            said.append(Message(N_("Repeated names that were numbered: {count}."), {"count": self.twins}))
        if encoding:
            first = next((entry.label for entry in self.entries if not entry.label.isascii()), "")
            said.append(
                Message(
                    N_("The names were read as {encoding}; check one: {example}"),
                    {"encoding": encoding.upper(), "example": first},
                )
            )
        return tuple(said)
