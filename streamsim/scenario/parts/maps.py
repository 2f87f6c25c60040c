"""A map of the scenario file as a pydantic model that finds everything wrong with it at once.

Knows pydantic. Must not know files, nor which settings there are.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from streamsim.rules.mapping.settings import described
from streamsim.scenario.parts.fields import Complaint, all_refused, refused
from streamsim.scenario.text.errors import did_you_mean

#: Looking for similar words takes time, and nobody reads more hints.
_HINTED: Final = 50
_UNKNOWN: Final = "and one more unknown key"


class Strict(BaseModel):
    """Unknown keys, keys without a value and missing keys are refused; values never change once read.

    `label` is what messages call such a map ("a stream"), `example` shows one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    label: ClassVar[str] = "this map"
    example: ClassVar[str] = "{…}"

    def __init_subclass__(cls, label: str | None = None, example: str | None = None, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        cls.label = label or cls.label
        cls.example = example or cls.example

    @classmethod
    def names(cls) -> dict[str, str]:
        """The attribute of each key, by the key's name in the file."""
        return {field.alias or name: name for name, field in cls.model_fields.items()}

    @classmethod
    def unknown(cls, name: str, value: object) -> Complaint:
        """Why a key that is none of ours is refused."""
        del value
        names = cls.names()
        hint = did_you_mean(name, names) or f"it may have {', '.join(names)}"
        return Complaint((name,), f"{cls.label} has no {name!r}", hint, at_key=True)

    @classmethod
    def before(cls, settings: Mapping[str, Any], info: ValidationInfo) -> Iterable[Complaint]:
        """What is wrong with known keys beyond what their fields check; their first steps are left out of the model."""
        del settings, info
        return ()

    def remember(self, settings: Mapping[str, Any]) -> None:
        """Told once, when the map has been read, what it said."""

    @model_validator(mode="wrap")
    @classmethod
    def _all_at_once(cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        if isinstance(value, cls):
            return value
        if not isinstance(value, dict):
            raise refused(f"{cls.label} is a map, not {described(value)}", f"write {cls.example}")
        complaints = list(cls._keys(value))
        blamed = {complaint.path[0] for complaint in complaints if complaint.path}
        known = {name: inner for name, inner in value.items() if name not in blamed}
        complaints += cls.before(known, info)
        blamed |= {complaint.path[0] for complaint in complaints if complaint.path}
        try:
            model = handler({name: inner for name, inner in value.items() if name not in blamed})
        except ValidationError as error:
            complaints += [
                cls._with_example(complaint)
                for complaint in complaints_of(error)
                if not (complaint.missing and complaint.missing in blamed)
            ]
            raise all_refused(complaints) from None
        if complaints:
            raise all_refused(complaints)
        model.remember(value)
        return model

    @classmethod
    def _with_example(cls, complaint: Complaint) -> Complaint:
        """A complaint of a missing key, with the field's own example of a value."""
        field = cls.model_fields.get(cls.names().get(complaint.missing, ""))
        if field is None or not field.examples:
            return complaint
        return complaint._replace(hint=f"add `{complaint.missing}: {field.examples[0]}`")

    @classmethod
    def _keys(cls, value: Mapping[str, Any]) -> Iterable[Complaint]:
        names = cls.names()
        found = 0
        for name, inner in value.items():
            if name not in names:
                found += 1
                yield (
                    cls.unknown(name, inner)
                    if found <= _HINTED
                    else Complaint((name,), _UNKNOWN, at_key=True)
                )
            elif inner is None:
                yield Complaint(
                    (name,), f"{name} has no value", "give it one, or remove the line", at_key=True
                )


def complaints_of(error: ValidationError) -> list[Complaint]:
    """What pydantic found, as complaints below the validated value."""
    found: list[Complaint] = []
    for detail in error.errors(include_url=False):
        path = tuple(detail["loc"])
        context = detail.get("ctx", {})
        if detail["type"] == "refused":
            found += [
                complaint._replace(path=(*path, *complaint.path), missing="" if path else complaint.missing)
                for complaint in context["complaints"]
            ]
        elif detail["type"] == "missing":
            name = str(path[-1])
            found.append(Complaint(path[:-1], f"{name} is missing", f"add `{name}: …`", missing=name))
        else:
            found.append(Complaint(path, _sentence(detail["msg"], detail["input"])))
    return found


def _sentence(message: str, value: object) -> str:
    return f"{message[:1].lower()}{message[1:]}, not {described(value)}"
