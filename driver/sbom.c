/* A bill of materials (SPDX 2.3, JSON). Everything is a package with a SHA-256:
 *
 *   document DESCRIBES product CONTAINS every output
 *   product GENERATED_FROM the model's description, the weights; atmc BUILD_TOOL_OF product
 *   product DEPENDS_ON the runtime, whose header is in the product's
 *
 * The same inputs give the same bytes: the date is SOURCE_DATE_EPOCH, or that of the newest input,
 * and the name space is made of the hashes. */
#include "driver/sbom.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backends/llvm/embedded_runtime.h"
#include "support/panic.h"
#include "support/sha256.h"

static const char tool[] = "atmc-" ATMC_VERSION;

/* The document under construction. */
typedef struct Document {
  const Compilation *c;
  cJSON *packages, *relationships;
  Sha256 all;    /* of the sums of all packages */
  time_t newest; /* of the inputs */
} Document;

/* What a package is. */
typedef struct Package {
  const char *id, *name, *version, *purpose, *license;
  const char *sum, *comment; /* NULL: none */
} Package;

/* -- sums -------------------------------------------------------------------------------------- */

/* SHA-256 of a file, by its name `path` in messages; *changed gets its date. */
static Status sum_file(const Compilation *c, const char *path, const char *now, const char **sum,
                       time_t *changed) {
  enum { PIECE = 1 << 16 };
  struct stat info;
  int fd = open(now, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 || fstat(fd, &info)) {
    if (fd >= 0) (void)close(fd);
    return diag_io_error(c->diag, diag_file(path), "cannot open: %s", strerror(errno));
  }
  if (!S_ISREG(info.st_mode)) {
    (void)close(fd);
    return diag_usage_error(c->diag, "--emit=sbom: %s is no file that can be read again", path);
  }
  Sha256 state = sha256_begin();
  char *piece = ARENA_ARRAY(c->arena, PIECE, char),
       *text = arena_alloc(c->arena, SHA256_TEXT_BYTES);
  ssize_t got;
  while ((got = read(fd, piece, PIECE)) > 0 || (got < 0 && errno == EINTR)) {
    if (got > 0) sha256_add(&state, piece, (size_t)got);
  }
  int error = errno;
  (void)close(fd);
  if (got < 0) return diag_io_error(c->diag, diag_file(path), "cannot read: %s", strerror(error));
  sha256_end(&state, text);
  *sum = text, *changed = info.st_mtime;
  return STATUS_OK;
}

/* That of the runtime's sources, one behind the other; `names` gets their names. */
static const char *sum_runtime(const Compilation *c, const char **names) {
  Sha256 state = sha256_begin();
  StringBuilder list = {.arena = c->arena};
  for (uint32_t i = 0; i < embedded_runtime_count; ++i) {
    const EmbeddedFile *file = &embedded_runtime[i];
    if (strchr(file->name, '/')) continue;
    sha256_add(&state, file->data, file->bytes);
    string_builder_printf(&list, "%s%s", list.length ? ", " : "", file->name);
  }
  char *text = arena_alloc(c->arena, SHA256_TEXT_BYTES);
  sha256_end(&state, text);
  *names = string_builder_text(&list);
  return text;
}

/* -- pieces ------------------------------------------------------------------------------------ */

static void add_package(Document *d, Package p) {
  cJSON *package = cJSON_CreateObject();
  cJSON_AddStringToObject(package, "SPDXID", p.id);
  cJSON_AddStringToObject(package, "name", p.name);
  if (p.version) cJSON_AddStringToObject(package, "versionInfo", p.version);
  cJSON_AddStringToObject(package, "downloadLocation", "NOASSERTION");
  cJSON_AddBoolToObject(package, "filesAnalyzed", false);
  cJSON_AddStringToObject(package, "licenseConcluded", "NOASSERTION");
  cJSON_AddStringToObject(package, "licenseDeclared", p.license ? p.license : "NOASSERTION");
  cJSON_AddStringToObject(package, "copyrightText", "NOASSERTION");
  cJSON_AddStringToObject(package, "primaryPackagePurpose", p.purpose);
  if (p.comment) cJSON_AddStringToObject(package, "comment", p.comment);
  if (p.sum) {
    cJSON *sum = cJSON_CreateObject();
    cJSON_AddStringToObject(sum, "algorithm", "SHA256");
    cJSON_AddStringToObject(sum, "checksumValue", p.sum);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(package, "checksums"), sum);
    sha256_add(&d->all, p.sum, strlen(p.sum));
  }
  cJSON_AddItemToArray(d->packages, package);
}

static void relate(Document *d, const char *one, const char *how, const char *other) {
  cJSON *relationship = cJSON_CreateObject();
  cJSON_AddStringToObject(relationship, "spdxElementId", one);
  cJSON_AddStringToObject(relationship, "relationshipType", how);
  cJSON_AddStringToObject(relationship, "relatedSpdxElement", other);
  cJSON_AddItemToArray(d->relationships, relationship);
}

static const char product_id[] = "SPDXRef-product";

/* A file that the product was made from. */
static Status add_input(Document *d, const char *id, const char *path, const char *comment) {
  const char *sum = NULL, *slash = strrchr(path, '/');
  time_t changed = 0;
  RETURN_IF_ERROR(sum_file(d->c, path, path, &sum, &changed));
  if (changed > d->newest) d->newest = changed;
  const char *name = slash ? slash + 1 : path;
  add_package(d, (Package){id, name, NULL, "FILE", NULL, sum, comment});
  relate(d, product_id, "GENERATED_FROM", id);
  return STATUS_OK;
}

static Status add_outputs(Document *d, const SbomFile *files, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    const char *sum = NULL, *slash = strrchr(files[i].path, '/');
    time_t changed;
    RETURN_IF_ERROR(sum_file(d->c, files[i].path, files[i].now, &sum, &changed));
    const char *id = arena_printf(d->c->arena, "SPDXRef-output-%u", i + 1);
    const char *name = slash ? slash + 1 : files[i].path;
    add_package(d, (Package){id, name, NULL, "FILE", NULL, sum, NULL});
    relate(d, product_id, "CONTAINS", id);
  }
  return STATUS_OK;
}

/* The program that runs now; where the system does not tell it, without a sum. */
static Status add_tools(Document *d) {
  static const char self[] = "/proc/self/exe";
  const char *sum = NULL, *names = NULL;
  time_t changed;
  if (access(self, R_OK) == 0) RETURN_IF_ERROR(sum_file(d->c, self, self, &sum, &changed));
  add_package(d, (Package){"SPDXRef-atmc", "atmc", ATMC_VERSION, "APPLICATION", "MIT", sum, NULL});
  relate(d, "SPDXRef-atmc", "BUILD_TOOL_OF", product_id);
  const char *runtime = sum_runtime(d->c, &names);
  const char *comment =
      arena_printf(d->c->arena, "the sum is that of these files, one behind the other: %s", names);
  add_package(d, (Package){"SPDXRef-runtime", "atm_runtime", ATMC_VERSION, "LIBRARY", "MIT",
                           runtime, comment});
  relate(d, product_id, "DEPENDS_ON", "SPDXRef-runtime");
  return STATUS_OK;
}

/* "2026-11-27T00:00:00Z": SOURCE_DATE_EPOCH, or of the newest input. */
static const char *date(const Document *d) {
  const char *epoch = getenv("SOURCE_DATE_EPOCH");
  time_t when = epoch && *epoch ? (time_t)strtoll(epoch, NULL, 10) : d->newest;
  struct tm parts;
  char text[sizeof "9999-12-31T23:59:59Z"];
  if (!gmtime_r(&when, &parts) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)) {
    return "1970-01-01T00:00:00Z";
  }
  return arena_strdup(d->c->arena, text);
}

/* The document around packages and relationships, which it takes. */
static cJSON *finish(Document *d, const char *name) {
  char sum[SHA256_TEXT_BYTES];
  sha256_end(&d->all, sum);
  cJSON *root = cJSON_CreateObject();
  cJSON_AddStringToObject(root, "spdxVersion", "SPDX-2.3");
  cJSON_AddStringToObject(root, "dataLicense", "CC0-1.0");
  cJSON_AddStringToObject(root, "SPDXID", "SPDXRef-DOCUMENT");
  cJSON_AddStringToObject(root, "name", name);
  cJSON_AddStringToObject(root, "documentNamespace",
                          arena_printf(d->c->arena, "https://spdx.org/spdxdocs/atmc-%.32s", sum));
  cJSON *creation = cJSON_AddObjectToObject(root, "creationInfo");
  cJSON_AddStringToObject(creation, "created", date(d));
  cJSON *creators = cJSON_AddArrayToObject(creation, "creators");
  cJSON_AddItemToArray(creators, cJSON_CreateString(arena_printf(d->c->arena, "Tool: %s", tool)));
  cJSON_AddItemToObject(root, "packages", d->packages);
  cJSON_AddItemToObject(root, "relationships", d->relationships);
  return root;
}

/* Inputs, tools and outputs. */
static Status add_all(Document *d, const ArtifactSpec *spec, const SbomFile *files,
                      uint32_t count) {
  const Options *options = d->c->options;
  const char *comment = arena_printf(d->c->arena, "compiled by atmc: %s", spec->note);
  add_package(d, (Package){product_id, spec->name, NULL, "LIBRARY", NULL, NULL, comment});
  relate(d, "SPDXRef-DOCUMENT", "DESCRIBES", product_id);
  RETURN_IF_ERROR(add_input(d, "SPDXRef-model", options->argument, "the model's description"));
  RETURN_IF_ERROR(add_input(d, "SPDXRef-weights", options->weights, "the model's weights"));
  const char *const *parts;
  uint32_t part_count = weights_parts(d->c->weights, &parts);
  for (uint32_t i = 0; i < part_count; ++i) {
    const char *id = arena_printf(d->c->arena, "SPDXRef-weights-%u", i + 1);
    RETURN_IF_ERROR(add_input(d, id, parts[i], "a shard of the model's weights"));
  }
  for (uint32_t i = 0; i < options->from_plan.count; ++i) {
    const char *id = arena_printf(d->c->arena, "SPDXRef-plan-%u", i + 1);
    RETURN_IF_ERROR(add_input(d, id, options->from_plan.items[i], "a plan"));
  }
  RETURN_IF_ERROR(add_tools(d));
  return add_outputs(d, files, count);
}

Status sbom_write(const Compilation *c, const ArtifactSpec *spec, const SbomFile *files,
                  uint32_t count, const char **text) {
  Document d = {.c = c, .all = sha256_begin()};
  d.packages = cJSON_CreateArray(), d.relationships = cJSON_CreateArray();
  Status status = add_all(&d, spec, files, count);
  cJSON *root = finish(&d, spec->name);
  char *printed = cJSON_Print(root);
  CHECK(printed);
  *text = arena_printf(c->arena, "%s\n", printed);
  free(printed);
  cJSON_Delete(root);
  return status;
}
