# SPDX-License-Identifier: Apache-2.0
"""OCI image layouts made by tests: layers from entries of their own, with whatever should be wrong in them."""
import gzip
import hashlib
import io
import json
import os
import tarfile

ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


def entry(name, data=None, kind=None, link=None, mode=None, **members):
    """One entry of a layer: a file with data, a directory if the name ends with a slash, or of the kind."""
    info = tarfile.TarInfo(name.rstrip("/"))
    info.type = kind or (tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE)
    info.mode = mode if mode is not None else (0o755 if info.type == tarfile.DIRTYPE else 0o644)
    info.mtime = 1_000_000_000
    if link is not None:
        info.type = kind or tarfile.SYMTYPE
        info.linkname = link
    content = data.encode() if isinstance(data, str) else data or b""
    info.size = len(content)
    for key, value in members.items():
        setattr(info, key, value)
    return info, content


def layer(*entries):
    """A layer as tar."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, content in entries:
            archive.addfile(info, io.BytesIO(content) if content else None)
    return target.getvalue()


class Layout:
    """An image layout directory."""

    def __init__(self, path):
        self.path = path
        os.makedirs(os.path.join(path, "blobs/sha256"))
        self.write("oci-layout", {"imageLayoutVersion": "1.0.0"})
        self.manifests = []

    def write(self, name, document):
        with open(os.path.join(self.path, name), "w", encoding="utf-8") as target:
            json.dump(document, target)

    def blob(self, data, media_type, **members):
        """Stores the bytes, or a document as JSON; its descriptor."""
        if not isinstance(data, bytes):
            data = json.dumps(data).encode()
        digest = hashlib.sha256(data).hexdigest()
        with open(os.path.join(self.path, "blobs/sha256", digest), "wb") as target:
            target.write(data)
        return {"mediaType": media_type, "digest": "sha256:" + digest, "size": len(data), **members}

    def blob_path(self, descriptor):
        return os.path.join(self.path, "blobs", descriptor["digest"].replace(":", "/"))

    def image(self, layers, tag="latest", compressed=True, architecture=ARCHITECTURE, **config):
        """Adds an image; config: members of its "config". Its manifest, with descriptors as stored."""
        config_blob = self.blob({"architecture": architecture, "os": "linux", "config": config, "rootfs": {
            "type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(data).hexdigest() for data in layers]}}, CONFIG)
        stored = [self.blob(gzip.compress(data) if compressed else data, LAYER + ("+gzip" if compressed else ""))
                  for data in layers]
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config_blob, "layers": stored}
        descriptor = self.blob(manifest, MANIFEST, platform={"architecture": architecture, "os": "linux"})
        self.add(descriptor, tag)
        manifest["descriptor"] = descriptor
        return manifest

    def add(self, descriptor, tag):
        self.manifests.append({**descriptor, "annotations": {"org.opencontainers.image.ref.name": tag}})
        self.write("index.json", {"schemaVersion": 2, "manifests": self.manifests})
