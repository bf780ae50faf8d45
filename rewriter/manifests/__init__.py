"""The dependencies of a build context: what its manifests and lock files name, and what that means on musl and on slim.

`find` reads the files, one module per language, each imported when its file is there; `musl`, `needs` and `risks` judge
what was read, with the help of `rewriter.facts.dependencies`.
"""

from rewriter.manifests.find import manifest_folders, read_manifest, read_manifests, read_with_references
from rewriter.manifests.install_words import from_install_words
from rewriter.manifests.records import Dependency, Manifest

__all__ = [
    "Dependency",
    "Manifest",
    "from_install_words",
    "manifest_folders",
    "read_manifest",
    "read_manifests",
    "read_with_references",
]
