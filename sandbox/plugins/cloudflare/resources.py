"""Create, read, update and delete: the calls of a resource, and its state from their answers."""

from dataclasses import dataclass
from typing import Any

from sandbox.plugins.cloudflare import shapes
from sandbox.plugins.cloudflare.client import ApiError, Client
from sandbox.plugins.cloudflare.kinds import KINDS, Kind
from sandbox.plugins.cloudflare.properties import Secret, bare, has_secret

Properties = dict[str, Any]
OWNER_FOLDERS = {"accountId": "accounts", "zoneId": "zones"}


class UnknownTypeError(Exception):
    """A type that the table of kinds does not have."""


@dataclass(frozen=True)
class State:
    """A resource as it is at Cloudflare: its ID, its state, and the inputs that would create it."""

    id: str
    properties: Properties
    inputs: Properties


def kind_of(token: str) -> Kind:
    """The kind of a type. Raises UnknownTypeError."""
    if token not in KINDS:
        raise UnknownTypeError(
            f"{token} is not in sandbox/plugins/cloudflare/kinds.py: add a row, then run "
            "`python -m sandbox.plugins.cloudflare.generate`"
        )
    return KINDS[token]


def create(client: Client, kind: Kind, inputs: Properties) -> State:
    """Create a resource, or set one that always exists. Raises ApiError."""
    result = client.call(kind.create, _collection(kind, bare(inputs)), _body(kind, inputs))
    key = _id(kind, bare(inputs), result)
    if kind.answers_id_alone:
        result = client.call("GET", _thing(kind, bare(inputs), key))
    return State(key, _written(kind, inputs, result), inputs)


def update(client: Client, kind: Kind, key: str, inputs: Properties) -> State:
    """Update a resource. Raises ApiError."""
    place = _thing(kind, bare(inputs), key)
    result = client.call(kind.update, place, _body(kind, inputs))
    if kind.answers_id_alone:
        result = client.call("GET", place)
    return State(key, _written(kind, inputs, result), inputs)


def delete(client: Client, kind: Kind, key: str, properties: Properties) -> None:
    """Delete a resource; as under Cloudflare's provider, it is an error if it is gone. Raises ApiError."""
    if not kind.forgotten:
        client.call("DELETE", _thing(kind, bare(properties), key))


def read(client: Client, kind: Kind, key: str, inputs: Properties, properties: Properties) -> State | None:
    """A resource as it is now, None if it is gone.

    Without properties, `key` is an id to import. Raises ApiError, and ValueError for an id of another form.
    """
    place = bare({**inputs, **properties})
    if not properties:
        key, place = imported(kind, key)
    try:
        result = client.call("GET", _thing(kind, place, key))
    except ApiError as error:
        if error.status == 404:
            return None
        raise
    actual = shapes.from_api(result, shapes.shape(kind.token))
    actual |= {name: place[name] for name in (*kind.owners, kind.own_id) if name in place}
    state = {name: _kept(kind, name, inputs, properties, actual) for name in {*actual, *kind.hidden}}
    state = {name: value for name, value in state.items() if value is not None}
    return State(key, state, _inputs_now(kind, inputs, properties, state))


def imported(kind: Kind, text: str) -> tuple[str, Properties]:
    """The id and the owner that an id to import names. Raises ValueError."""
    parts = text.split("/")
    owner: Properties = {}
    if len(kind.owners) > 1:
        folders = {folder: name for name, folder in OWNER_FOLDERS.items()}
        if len(parts) == 3 and parts[0] in folders:
            owner = {folders[parts[0]]: parts[1]}
    elif len(parts) == (1 if kind.single and not kind.own_id else 2):
        owner = {kind.owners[0]: parts[0]}
    if not owner or not all(parts):
        raise ValueError(f"the id to import {text!r} is not of the form {kind.import_form}")
    if kind.own_id:
        owner[kind.own_id] = parts[-1]
    return parts[-1], owner


def _collection(kind: Kind, values: Properties) -> str:
    """The path of the collection, or of the resource itself if an owner has only one."""
    owner = next((name for name in kind.owners if values.get(name)), None)
    if owner is None:
        raise ValueError(f"{' or '.join(kind.owners)} is missing")
    folder = f"{OWNER_FOLDERS[owner]}/{values[owner]}"
    return kind.path.format(**{**values, "owner": folder})


def _thing(kind: Kind, values: Properties, key: str) -> str:
    path = _collection(kind, values)
    return path if kind.single else f"{path}/{key}"


def _id(kind: Kind, inputs: Properties, result: Any) -> str:
    if kind.own_id:
        return str(inputs[kind.own_id])
    return str(inputs[kind.owners[0]] if kind.single else result["id"])


def _body(kind: Kind, inputs: Properties) -> Properties:
    path = {*kind.owners, kind.own_id}
    given = {name: value for name, value in inputs.items() if name not in path and not name.startswith("__")}
    required = {"enabled"} if kind.type == "NotificationPolicy" else set()
    given |= {name: kind.defaults[name] for name in required if name not in given}
    return shapes.to_api(given, shapes.shape(kind.token))


def _written(kind: Kind, inputs: Properties, result: Any) -> Properties:
    """The state after a change: what was declared, and what Cloudflare added to it."""
    actual = shapes.from_api(result or {}, shapes.shape(kind.token))
    actual.pop("id", None)
    return {name: value for name, value in {**actual, **_added(inputs, actual)}.items() if not name.startswith("__")}


def _added(declared: Properties, actual: Properties) -> Properties:
    """Declared values, with what is only there actually inside them."""
    out: Properties = {}
    for name, value in declared.items():
        there = actual.get(name)
        if isinstance(value, dict) and isinstance(there, dict):
            out[name] = {**there, **_added(value, there)}
        elif isinstance(value, list) and isinstance(there, list) and len(value) == len(there):
            out[name] = [
                {**now, **_added(item, now)} if isinstance(item, dict) and isinstance(now, dict) else item
                for item, now in zip(value, there, strict=True)
            ]
        else:
            out[name] = value
    return out


def _kept(kind: Kind, name: str, inputs: Properties, properties: Properties, actual: Properties) -> Any:
    """A property's value in the state after a read: as declared where that is what Cloudflare means too."""
    before = properties.get(name, inputs.get(name))
    if name in kind.hidden:
        return before
    now = actual[name]
    if name in inputs and (name in kind.equal and kind.equal[name](bare(inputs[name]), now)):
        return inputs[name]
    if bare(before) == now:
        return before
    return Secret(now) if has_secret(before) else now


def _inputs_now(kind: Kind, inputs: Properties, properties: Properties, state: Properties) -> Properties:
    """The inputs that would create the resource as it is now: those declared, and any other that changed."""
    out: Properties = {}
    for name in shapes.inputs(kind.token):
        now = state.get(name, kind.defaults.get(name))
        if name in inputs:
            value = _as_declared(inputs[name], now)
            if value is not None:
                out[name] = value
        elif now is not None and bare(now) != kind.defaults.get(name) and bare(now) != bare(properties.get(name)):
            as_read = kind.items.get(name)
            out[name] = [as_read(item) for item in now] if as_read and not properties else now
    return {**{name: value for name, value in inputs.items() if name.startswith("__")}, **out}


def _as_declared(declared: Any, now: Any) -> Any:
    """A value as it is now, without what Cloudflare adds inside it and was never declared."""
    if isinstance(declared, Secret):
        return declared if bare(declared) == bare(now) else Secret(bare(now))
    if isinstance(now, Secret):
        return now if bare(now) != bare(declared) else declared
    if isinstance(declared, dict) and isinstance(now, dict):
        return {name: _as_declared(value, now.get(name)) for name, value in declared.items() if name in now}
    if isinstance(declared, list) and isinstance(now, list):
        pairs = list(zip(declared, now, strict=False))
        return [_as_declared(item, there) for item, there in pairs] + now[len(pairs) :]
    return now
