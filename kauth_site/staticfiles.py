"""Static files with names that change with their content, so that browsers may keep them."""

from functools import lru_cache

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStorage(CompressedManifestStaticFilesStorage):
    """Rewrites the imports between ES modules too, so that a page never mixes two versions."""

    support_js_module_import_aggregation = True

    @lru_cache(maxsize=256)  # noqa: B019 - there is one of it as long as the process lives
    def url(self, name: str, force: bool = False) -> str:  # noqa: FBT001, FBT002 - Django's
        """The names were given when the files were collected, and stay for the process's life."""
        address: str = super().url(name, force)
        return address
