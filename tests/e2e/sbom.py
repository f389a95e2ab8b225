"""sbom.py FILE.spdx.json FOLDER: the document is one of SPDX 2.3, as far as its schema says (required keys, no others,
words of enumerations), its relationships name what is there, and its sums are those of the files in FOLDER."""
import hashlib
import json
import pathlib
import re
import sys

PACKAGE = {"SPDXID", "name", "versionInfo", "downloadLocation", "filesAnalyzed", "licenseConcluded", "licenseDeclared",
           "copyrightText", "primaryPackagePurpose", "comment", "checksums"}
PURPOSES = {"APPLICATION", "LIBRARY", "FILE"}
RELATIONS = {"DESCRIBES", "GENERATED_FROM", "BUILD_TOOL_OF", "DEPENDS_ON", "CONTAINS"}

document = json.loads(pathlib.Path(sys.argv[1]).read_text())
folder = pathlib.Path(sys.argv[2])
assert set(document) == {"spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo", "packages",
                         "relationships"}
assert document["spdxVersion"] == "SPDX-2.3" and document["dataLicense"] == "CC0-1.0"
assert document["SPDXID"] == "SPDXRef-DOCUMENT"
assert re.fullmatch(r"https://[^#\s]+", document["documentNamespace"])
assert set(document["creationInfo"]) == {"created", "creators"}
assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document["creationInfo"]["created"])
assert all(re.fullmatch(r"Tool: \S+-\S+", creator) for creator in document["creationInfo"]["creators"])

ids = {document["SPDXID"]}
checked = 0
for package in document["packages"]:
    assert set(package) <= PACKAGE and {"SPDXID", "name", "downloadLocation"} <= set(package)
    assert re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", package["SPDXID"]) and package["SPDXID"] not in ids
    assert package["primaryPackagePurpose"] in PURPOSES and package["filesAnalyzed"] is False
    ids.add(package["SPDXID"])
    sums = {one["algorithm"]: one["checksumValue"] for one in package.get("checksums", [])}
    assert package["SPDXID"] == "SPDXRef-product" or re.fullmatch(r"[0-9a-f]{64}", sums["SHA256"])
    if package["primaryPackagePurpose"] == "FILE":
        assert sums["SHA256"] == hashlib.sha256((folder / package["name"]).read_bytes()).hexdigest(), package
        checked += 1
assert {"SPDXRef-product", "SPDXRef-model", "SPDXRef-weights", "SPDXRef-atmc", "SPDXRef-runtime"} <= ids
for relation in document["relationships"]:
    assert set(relation) == {"spdxElementId", "relationshipType", "relatedSpdxElement"}
    assert relation["relationshipType"] in RELATIONS
    assert {relation["spdxElementId"], relation["relatedSpdxElement"]} <= ids
print(f"{len(ids)} elements, {checked} files with right sums")
