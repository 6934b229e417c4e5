#!/usr/bin/env bash
# Runs the tests in order of cost: run.sh [STAGE] [REVISION], all stages without one. With a git
# revision only those of what has changed since then run; of zeros, as pipelines name what was
# before the first commit, all do.
#
#   unit      Go modules: format, vet, lint, build, tests. No engine, no network but for Go modules.
#   modules   Terraform modules and roots: format, plans with mocked providers.
#   state     States in buckets of real servers: moved, locked, killed. No engine.
#   provider  The kind provider on a real engine.
#   e2e       An environment from `make up` to `make down`, on a copy of this checkout.
#
# and, only when it is named:
#
#   cloud     Modules and roots of clouds: plans with the clouds' providers, without an account.
#   growth    A new service, staging on three nodes beside dev, promotion, a worker's death, rollback.
#   offline   An environment in a network namespace without routes, from an archive of the parts.
#   upstream  An environment from published parts, on stand-ins for the registries that have them.
#
# A failed stage does not stop the next one. The last line is "N passed, N failed". Logs stay in
# .kindling/test. Nothing of the tests stays in the engine, however a run ends.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
readonly all_stages="unit modules state provider e2e"
readonly named_stages="cloud growth offline upstream"
readonly work=$PWD/.kindling/test
readonly report=$work/report

# Each module is tested with its own go.mod, as it is built for an image. A make above this
# script hands its command line down in the others.
export GOWORK=off
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

stage="" launched="" job="" beat="" before="" copy="" since=${2:-}

clock() { printf '%dm%02ds' $(($1 / 60)) $(($1 % 60)); }
say() { printf '%s %-8s  %s\n' "$(date +%T)" "$stage" "$*"; }
count() { printf '%s\n' "$1 $2" >>"$work/counts.$stage"; }

# touched tells whether the change calls for a folder of this stage. Without a revision all do, and in
# a stage that runs only when it is named.
touched() { [ -z "$since" ] || [[ " $named_stages " == *" $stage "* ]] || grep -qxF "$stage $1" "$work/touched"; }

# background starts a command in a process group of its own, so that all of it can be ended.
background() {
  set -m
  "$@" </dev/null 9>&- &
  launched=$!
  set +m
}

# heartbeat tells every half minute what a long step last printed.
heartbeat() {
  local name=$1 log=$2 start=$SECONDS
  while sleep 30; do
    say "… $name, $(clock $((SECONDS - start))): $(tail -n 1 "$log" 2>/dev/null | grep -v '^{' | cut -c 1-100)"
  done
}

# attend waits for what was launched last, with a heartbeat, and returns its exit code.
attend() {
  local name=$1 log=$2 status
  job=$launched
  background heartbeat "$name" "$log"
  beat=$launched
  wait "$job"
  status=$?
  job=""
  end_group "$beat"
  beat=""
  return "$status"
}

end_group() {
  kill -TERM -- "-$1" 2>/dev/null
  wait "$1" 2>/dev/null
}

# check runs a command that counts as one test: check NAME COMMAND…
check() {
  local name=$1 start=$SECONDS log
  shift
  log=$work/$stage.${name//[^a-zA-Z0-9]/-}.log
  background logged "$log" "$@"
  if attend "$name" "$log"; then
    say "ok    $name  $(clock $((SECONDS - start)))"
    count 1 0
    return 0
  fi
  say "FAIL  $name  $(clock $((SECONDS - start)))"
  tail -n 40 "$log" | sed 's/^/  |  /'
  count 0 1
  return 1
}

logged() {
  local log=$1
  shift
  "$@" >"$log" 2>&1
}

# go_tests runs Go tests and counts them: go_tests NAME FOLDER REPORT_FLAGS ARGUMENTS_OF_GO_TEST…
go_tests() {
  local name=$1 start=$SECONDS log
  log=$work/$stage.${name//[^a-zA-Z0-9]/-}.log
  say "go test $name"
  : >"$work/counts"
  background events "$log" "${@:2}"
  if ! attend "go test $name" "$log" && ! awk '$2 > 0 { found = 1 } END { exit !found }' "$work/counts"; then
    say "FAIL  go test $name: see $log"
    count 0 1
  fi
  cat "$work/counts" >>"$work/counts.$stage"
  say "      go test $name  $(clock $((SECONDS - start)))"
}

events() {
  local log=$1 folder=$2 flags=$3
  shift 3
  # shellcheck disable=SC2086 # flags may be none
  (cd "$folder" && go test -json "$@" 2>&1) | tee "$log" | "$report" -counts "$work/counts" $flags
}

# modules_of lists the folders of Go modules below a folder.
modules_of() { git ls-files --cached --others --exclude-standard "$@" | grep '/go\.mod$' | xargs -n 1 dirname | sort; }

run_unit() {
  local module
  debian_packages postgresql luajit
  check "gofmt" unformatted
  check "workflows" workflows
  check "no secrets" no_secrets
  check "build golangci-lint" tests/tools/build.sh golangci-lint
  for module in infra $(modules_of services) tests; do
    touched "$module" && check "build and vet $module" build_and_vet "$module" && check "lint $module" tests/tools/lint.sh "$module"
  done
  KINDLING_TEST_SERVICES=$(read_by_the_tool)
  export KINDLING_TEST_SERVICES
  for module in infra $(modules_of services); do
    touched "$module" && go_tests "$module" "$module" "" -timeout=20m ./...
  done
  touched infra && check "docs/cli.md is that of the commands" reference
  # Go does not see when files outside of the tests' module change, and would tell what was.
  touched tests && go_tests "tests" tests "" -count=1 ./report ./ci ./hooks ./lint ./parity ./variables ./database
  for module in $(modules_of infra/supply); do
    touched "$module" && test_packages "$module"
  done
}

# read_by_the_tool stands for what tests of the tool read outside of its module. Go does not see when
# that changes, and would tell what was.
read_by_the_tool() {
  git ls-files -z --cached --others --exclude-standard .golangci.yml services/service.schema.json services/kit services/catalog services/inventory |
    xargs -0 ls -d 2>/dev/null | xargs cat | sha256sum
}

# debian_packages installs what a stage runs against: debian_packages PACKAGE… It does so where apt
# is, as root, or in a pipeline that may become root. Elsewhere the tests that need a package are
# skipped, and each says so.
debian_packages() {
  local package missing="" become=""
  for package in "$@"; do there "$package" || missing="$missing $package"; done
  missing=${missing# }
  [ -n "$missing" ] || return 0
  [ "$(id -u)" -eq 0 ] || become="sudo -n"
  if ! command -v apt-get >/dev/null || { [ -n "$become" ] && { [ -z "${CI:-}" ] || ! $become true 2>/dev/null; }; }; then
    say "note: what needs $missing is skipped or refused, and counts as none passed: sudo apt-get install $missing"
    return 0
  fi
  say "installing $missing with apt: some tests run against it"
  # shellcheck disable=SC2086 # a list of packages; a program with its flag
  check "apt-get install $missing" $become tests/apt.sh $missing
}

there() {
  case $1 in
    postgresql) compgen -G "/usr/lib/postgresql/*/bin/postgres" >/dev/null || command -v postgres >/dev/null ;;
    debian-archive-keyring) [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

# no_secrets looks through all commits and through what is not committed yet.
no_secrets() {
  tests/tools/build.sh gitleaks && .kindling/bin/gitleaks git --redact --no-banner --verbose . &&
    .kindling/bin/gitleaks git --pre-commit --redact --no-banner --verbose .
}

reference() { diff <(go -C infra run ./cmd/kindling docs) docs/cli.md || { echo "run make docs"; return 1; }; }

# workflows checks the pipelines of GitHub; their structure has tests in ci/.
workflows() { tests/tools/build.sh actionlint && .kindling/bin/actionlint -shellcheck= -pyflakes=; }

unformatted() {
  local files
  files=$(git ls-files --cached --others --exclude-standard '*.go' | xargs ls -d 2>/dev/null | xargs gofmt -l) || return 1
  [ -z "$files" ] || { printf 'not formatted, run make fmt:\n%s\n' "$files"; return 1; }
}

build_and_vet() { cd "$1" && go build ./... && go vet ./...; }

# test_packages tests what has tests in a part of the supply: the rest is other people's code.
test_packages() {
  local packages
  packages=$(cd "$1" && git ls-files --cached --others --exclude-standard '*_test.go' | xargs --no-run-if-empty -n 1 dirname | sort -u | sed 's|^|./|')
  # shellcheck disable=SC2086 # a list of folders
  # Go does not see when files outside of a part's module change, such as the rules for plans.
  [ -z "$packages" ] || go_tests "$1" "$1" "" -count=1 $packages
}

tool() { check "build the tool" make --no-print-directory tool; }

run_modules() {
  tool && check "providers" .kindling/bin/kindling supply providers || return
  copied || return
  check "terraform fmt" terraform fmt -check -recursive -diff modules environments
  test_folders without
}

# run_cloud compiles the providers of clouds where Terraform's registry is out of reach: that takes
# longer than all other parts together, once.
run_cloud() {
  local flavours folder environment
  mapfile -t flavours < <(find modules/cluster -mindepth 1 -maxdepth 1 -not -name kind -printf '%f\n' | sort)
  tool && check "providers of ${flavours[*]}" .kindling/bin/kindling supply providers "${flavours[@]}" || return
  copied || return
  test_folders with
  for folder in $(cd "$copy" && git grep -l '^variable "offline"' -- 'environments/*/cluster/*.tf' | xargs -n 1 dirname); do
    check "plan $folder offline" offline_plan "$copy/$folder"
    environment=$(basename "$(dirname "$folder")")
    check "the plan of $environment breaks no rule" breaks_no_rule "$copy" "$environment"
    check "without a change $environment plans nothing different" plans_nothing_different "$copy" "$environment"
  done
}

# copied makes a copy of the checkout: generated files of an environment that is up must not leak
# into the tests.
copied() {
  copy=$(mktemp --directory --tmpdir kindling-modules.XXXXXX) && check "copy the checkout" tests/copy.sh "$copy"
}

# test_folders tests the Terraform folders that need the provider of a cloud, or those that need
# none: test_folders with|without.
test_folders() {
  local folder listed=--files-with-matches
  [ "$1" = with ] || listed=--files-without-match
  for folder in $(cd "$copy" && git ls-files 'modules/*/versions.tf' 'environments/*/versions.tf' | grep -v '/examples/' |
    xargs grep "$listed" -E '"hashicorp/(aws|google|google-beta)"' | xargs -n 1 dirname); do
    touched "$folder" || continue
    if compgen -G "$copy/$folder/tests/*.tftest.hcl" >/dev/null; then
      terraform_tests "$copy" "$folder"
    else
      check "validate $folder" in_root "$copy/$folder" validate
    fi
  done
  for folder in $(cd "$copy" && grep -l 'modules/cluster/kind"' environments/*/cluster/main.tf | cut -d / -f 2); do
    check "the plan of $folder breaks no rule" breaks_no_rule "$copy" "$folder"
    check "without a change $folder plans nothing different" plans_nothing_different "$copy" "$folder"
  done
}

# breaks_no_rule plans an environment against an empty state. It has to change something, which is
# exit code 2; a broken rule is 1.
breaks_no_rule() {
  local tool=$PWD/.kindling/bin/kindling status=0
  cd "$1" || return
  "$tool" plan --env "$2" --offline || status=$?
  [ "$status" -eq 2 ]
}

# plans_nothing_different compares an environment with itself, workloads included: there must be a plan of
# both, no broken rule, and no difference (0).
plans_nothing_different() {
  local tool=$PWD/.kindling/bin/kindling said
  cd "$1" || return
  said=$("$tool" plan --env "$2" --offline --since HEAD) && echo "$said" && ! grep -q "is not known, because" <<<"$said"
}

# offline_plan plans a root of a cloud from nothing, with no account and no credentials: it must be a
# plan that changes something (2), and nobody may have been asked.
offline_plan() {
  local status
  export TF_CLI_CONFIG_FILE=$work/../terraform.rc TF_IN_AUTOMATION=1 TF_VAR_offline=true
  cd "$1" || return
  # In the copy the root keeps its state nowhere.
  printf 'terraform {\n  backend "local" {}\n}\n' >backend_override.tf
  terraform init -input=false -no-color || return
  env -u AWS_PROFILE -u GOOGLE_APPLICATION_CREDENTIALS HTTPS_PROXY=http://127.0.0.1:9 \
    terraform plan -input=false -no-color -lock=false -detailed-exitcode
  status=$?
  [ "$status" -eq 2 ] || { echo "terraform plan ended with $status, not with changes (2)"; return 1; }
}

# terraform_tests runs a module's tests and counts its runs.
terraform_tests() {
  local folder=$2 start=$SECONDS log line
  log=$work/$stage.${folder//[^a-zA-Z0-9]/-}.log
  background logged "$log" in_root "$1/$folder" test
  attend "terraform test $folder" "$log"
  line=$(grep -E '^(Success|Failure)! [0-9]+ passed, [0-9]+ failed' "$log" | grep -Eo '[0-9]+ passed, [0-9]+ failed')
  case $line in
    "" | "0 passed, 0 failed") count 0 1 line="failed before any test ran" ;;
    *) count "${line%% *}" "$(cut -d ' ' -f 3 <<<"$line")" ;;
  esac
  say "$folder  $line  $(clock $((SECONDS - start)))"
  case $line in *" passed, 0 failed") ;; *) tail -n 60 "$log" | sed 's/^/  |  /' ;; esac
}

in_root() {
  export TF_CLI_CONFIG_FILE=$work/../terraform.rc TF_IN_AUTOMATION=1
  cd "$1" && terraform init -backend=false -input=false -no-color && terraform "$2" -no-color
}

run_state() {
  tool && check "providers" .kindling/bin/kindling supply providers || return
  check "build the S3 and GCS servers" state_servers || return
  go_tests "states in buckets" tests -cases -count=1 -timeout=20m ./state
}

state_servers() {
  mkdir -p "$work/servers" && cd tests/state/servers &&
    go build -o "$work/servers" ./s3server github.com/fsouza/fake-gcs-server
}

run_provider() {
  local images
  abandoned_clusters | xargs --no-run-if-empty tests/e2e/clean.sh
  before=$(acceptance_clusters)
  debian_packages mmdebstrap debian-archive-keyring # for the node image
  tool && check "engine, node image and registry" images_to "$work/images" || return
  mapfile -t images <"$work/images"
  [ "${#images[@]}" -eq 2 ] || { say "FAIL  kindling supply load printed ${images[*]}"; count 0 1; return; }
  export TF_ACC=1 KINDLING_NODE_IMAGE=${images[0]} KINDLING_REGISTRY_IMAGE=${images[1]}
  go_tests "the kind provider" infra -cases -count=1 -timeout=30m -run='^TestAcc' ./internal/provider
  unset TF_ACC
}

images_to() { .kindling/bin/kindling supply load >"$1"; }

# acceptance_clusters are those that the provider's tests made and did not remove.
acceptance_clusters() {
  docker ps --all --format '{{.Label "io.x-k8s.kind.cluster"}} {{.Label "kindling.internal/cluster"}}' 2>/dev/null |
    tr ' ' '\n' | grep -E '^acc-[0-9a-f]{6}$' | sort -u
}

# abandoned_clusters are those of runs that were killed: no run takes an hour.
abandoned_clusters() {
  local cluster created
  for cluster in $(acceptance_clusters); do
    created=$(docker ps --all --quiet --filter "name=^$cluster-" | xargs --no-run-if-empty docker inspect --format '{{.Created}}' | sort | tail -n 1)
    [ -z "$created" ] || [ "$(date --date "$created" +%s)" -gt "$(date --date "1 hour ago" +%s)" ] || echo "$cluster"
  done
}

run_e2e() { go_tests "e2e" tests -cases -count=1 -timeout=150m -run='^TestTheLife' ./e2e; }

run_growth() { go_tests "growth" tests -cases -count=1 -timeout=150m -run='^TestTheGrowth' ./e2e; }

run_offline() {
  local module
  debian_packages mmdebstrap debian-archive-keyring
  tool && check "parts" .kindling/bin/kindling supply build || return
  for module in infra $(modules_of services); do check "Go modules of $module" go -C "$module" mod download; done
  go_tests "offline" tests -cases -exec="$PWD/tests/offline.sh" -count=1 -timeout=60m -run='^TestWithoutANetwork' ./e2e
}

run_upstream() {
  tool && check "engine and parts" .kindling/bin/kindling supply load || return
  go_tests "upstream" tests -cases -count=1 -timeout=60m -run='^TestWithPublishedParts' ./e2e
}

# clean removes what a stage may have left in the engine: its own names and no other.
clean() {
  case $stage in
    provider) acceptance_clusters | grep -vxF "${before:-none}" | xargs --no-run-if-empty tests/e2e/clean.sh ;;
    # The lock is that of the tests: a run of another checkout keeps its cluster.
    e2e | growth | upstream)
      [ "$stage" != upstream ] || docker rm --force --volumes kindling-standin >/dev/null 2>&1
      flock --nonblock /tmp/kindling-e2e.lock tests/e2e/clean.sh e2e e2e-dev e2e-staging && rm -rf "${TMPDIR:-/tmp}/kindling-e2e"
      ;;
    modules | cloud) [ -z "$copy" ] || rm -rf "$copy" ;;
  esac
}

# stop ends what runs and cleans up after it, when this script is told to end.
stop() {
  trap '' INT TERM HUP
  [ -z "$beat" ] || end_group "$beat"
  if [ -n "$job" ]; then
    say "stopping"
    end_group "$job"
    for _ in $(seq 30); do # the tool removes what it was making; longer than that is too long
      kill -0 -- "-$job" 2>/dev/null || break
      sleep 1
    done
    kill -KILL -- "-$job" 2>/dev/null
  fi
  clean
  summary
  exit 130
}

run_stage() {
  local start=$SECONDS
  stage=$1
  : >"$work/counts.$stage"
  "run_$stage"
  clean
  [ -s "$work/counts.$stage" ] || count 0 1
  echo $((SECONDS - start)) >"$work/time.$stage"
}

summary() {
  local name passed failed skipped total_passed=0 total_failed=0
  echo
  for name in $stages; do
    [ -e "$work/counts.$name" ] || continue
    read -r passed failed skipped < <(awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }' "$work/counts.$name")
    [ "$skipped" -eq 0 ] && skipped="" || skipped="  $skipped skipped, see above why"
    printf '%-9s %5d passed  %3d failed  %s%s\n' "$name" "$passed" "$failed" "$(clock "$(cat "$work/time.$name" 2>/dev/null || echo 0)")" "$skipped"
    total_passed=$((total_passed + passed)) total_failed=$((total_failed + failed))
  done
  echo "$total_passed passed, $total_failed failed"
  [ "$total_failed" -eq 0 ] && [ "$total_passed" -gt 0 ]
}

# choose finds out what the change touches, and leaves the stages that have to do with it. A stage
# that runs only when it is named runs.
choose() {
  local name left=""
  make --no-print-directory tool && (cd tests && go run ./ci choose "$since") >"$work/touched" || exit 1
  for name in $stages; do
    if grep -q "^$name " "$work/touched" || [[ " $named_stages " == *" $name "* ]]; then left="$left $name"; else echo "$name: nothing that it tests has changed since $since"; fi
  done
  stages=$left
  [ -n "$stages" ] || exit 0
}

stages=${1:-$all_stages}
case " $all_stages $named_stages " in
  *" $stages "*) ;;
  *) echo "there is no stage \"$stages\"; there are: $all_stages $named_stages" >&2; exit 2 ;;
esac
for program in go git terraform make flock; do
  command -v "$program" >/dev/null || { echo "the tests need $program" >&2; exit 2; }
done
mkdir -p "$work" || exit 1
exec 9>"$work/lock"
flock --nonblock 9 || { echo "the tests of this checkout run already" >&2; exit 1; }
rm -f "$work"/counts* "$work"/time* "$work"/*.log
trap stop INT TERM HUP
(cd tests && go build -o "$report" ./report) || exit 1
[ -z "$since" ] || choose
for name in $stages; do run_stage "$name"; done
summary
