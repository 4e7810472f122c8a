"""What a caller may send: any bytes, any JSON, and messages that are right but for something."""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

# With lone surrogates and nought characters, which JSON can spell and databases cannot hold.
TEXT = st.text(st.characters(), max_size=40)
JSON: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def almost(right: Mapping[str, Any]) -> SearchStrategy[dict[str, Any]]:
    """Messages like `right`, each member of which is missing, or anything, or as it should be."""
    return st.fixed_dictionaries(
        {}, optional={name: st.just(value) | JSON for name, value in right.items()}
    )


def bodies(right: Mapping[str, Any]) -> SearchStrategy[bytes]:
    """What may come in place of the JSON of `right`."""
    return (
        st.binary(max_size=200)
        | JSON.map(lambda value: json.dumps(value).encode())
        | almost(right).map(lambda message: json.dumps(message).encode())
    )
