"""A model's JSON Schema, with what pydantic leaves out of it.

Three keywords are added for `batch_params.shape`: `LENIENT` where a model itself asks for `extra="allow"` or
`"ignore"`; `ALIASES` from the other names that a key may have to the one shown; and JSON Schema's own
`writeOnly` on `Secret[...]` of any type.
"""

from typing import Any, get_args, get_origin

from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Secret, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, JsonSchemaWarningKind
from pydantic_core import core_schema

LENIENT = "x-lenient"
ALIASES = "x-aliases"
MASK = "**********"
"""What stands for a secret, as in pydantic's own reprs."""


def schema_of(model: type[BaseModel] | TypeAdapter[Any]) -> JsonSchemaValue:
    """Describe the JSON that a model or type reads: pydantic's JSON Schema (2020-12) with the added keywords."""
    if isinstance(model, TypeAdapter):
        return model.json_schema(schema_generator=_Schema)
    return model.model_json_schema(schema_generator=_Schema)


class _Schema(GenerateJsonSchema):
    ignored_warning_kinds: set[JsonSchemaWarningKind] = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012

    def handle_invalid_for_json_schema(
        self, schema: core_schema.CoreSchema, error_info: str
    ) -> JsonSchemaValue:
        """Let a field that no JSON can fill (a callable with a default) be of any shape, not an error."""
        return {}

    def encode_default(self, dft: Any) -> Any:
        """Mask a default that is a secret: pydantic cannot encode one whose type it no longer knows."""
        return MASK if isinstance(dft, Secret) else super().encode_default(dft)

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Add to a model's schema what its fields say."""
        node, model = super().model_schema(schema), schema["cls"]
        for name, field in model.model_fields.items():
            _add_field(node, _names(name, field, model.model_config), field)
        return node | _leniency(model.model_config)

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        """Add leniency to a dataclass's schema."""
        return super().dataclass_schema(schema) | _leniency(getattr(schema["cls"], "__pydantic_config__", {}))

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        """Add leniency to a typed dictionary's schema."""
        config = getattr(schema.get("cls"), "__pydantic_config__", {})
        return super().typed_dict_schema(schema) | _leniency(config)


def _leniency(config: Any) -> JsonSchemaValue:
    return {LENIENT: True} if config.get("extra") in {"allow", "ignore"} else {}


def _add_field(node: JsonSchemaValue, names: list[str], field: FieldInfo) -> None:
    shown = next((name for name in names if name in node.get("properties", ())), None)
    if shown is None:
        return
    if _mentions_secret(field.annotation):
        node["properties"][shown] |= {"writeOnly": True}
    node.setdefault(ALIASES, {}).update({name: shown for name in names if name != shown})


def _names(name: str, field: FieldInfo, config: ConfigDict) -> list[str]:
    alias = field.validation_alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias] if alias is not None else []
    names = [str(choice.path[0]) if isinstance(choice, AliasPath) else choice for choice in choices]
    by_name = config.get("validate_by_name") or config.get("populate_by_name")
    return [*names, name] if by_name or not names else names


def _mentions_secret(annotation: Any) -> bool:
    """Find `Secret[...]`, which pydantic's JSON Schema, unlike SecretStr and SecretBytes, does not mark."""
    generic = get_origin(annotation) or annotation
    if isinstance(generic, type) and issubclass(generic, Secret):
        return True
    return any(map(_mentions_secret, get_args(annotation)))
