package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// twoChangesInASecond tells the controller's nginx, as the controller does, that no service has
// pods, and 0.9 s later, within the same second, which ones they have. nginx looks once a second,
// so that as a rule it has taken the first change over when the second one comes. It needs to run
// in a node, as root.
const twoChangesInASecond = `
nginx() { nsenter --target "$(pgrep --oldest --full 'nginx: master')" --net curl --fail --silent --show-error --max-time 5 "$@" http://127.0.0.1:10246/configuration/backends; }
folder=$(mktemp --directory)
trap 'rm -r "$folder"' EXIT
nginx >"$folder/pods"
grep --quiet '"address"' "$folder/pods"
sed 's/"endpoints":\[[^]]*\]/"endpoints":[]/g' "$folder/pods" >"$folder/none"
passed=$((10#$(date +%N)))
sleep "0.$(printf %09d $((999999999 - passed)))"
nginx --output /dev/null --data-binary "@$folder/none"
sleep 0.9
nginx --output /dev/null --data-binary "@$folder/pods"
sleep 2
`

func (e *environment) controllerTakesEveryChange(t *testing.T) {
	for range 3 {
		r := e.inNode(t, twoChangesInASecond, "bash", "-euo", "pipefail", "-s")
		require.Zero(t, r.code, r.text())
		e.everyServiceAnswers(t)
	}
}
