package cli

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"kindling.internal/infra/internal/supply"
)

func TestTheListTellsWhatIsMissingFromWhatIsNotNeeded(t *testing.T) {
	part := supply.Part{Name: "etcd", About: "etcd 3.6.8"}
	list := []supply.Status{
		{Part: part, Cached: true, Record: supply.Record{Bytes: 26_400_000, Seconds: 3.7}},
		{Part: part, Needed: true},
		{Part: part},
		{Part: part, Cached: true, Record: supply.Record{Notes: []string{"2 packages are not locked"}}},
	}
	assert.Equal(t, [][]string{
		{"etcd", "etcd 3.6.8", "yes", "26 MB", "3.7s"},
		{"etcd", "etcd 3.6.8", "no", "", ""},
		{"etcd", "etcd 3.6.8", "not needed", "", ""},
		{"etcd", "etcd 3.6.8\n2 packages are not locked", "yes", "0 MB", "0.0s"},
	}, partRows(list))
	parts := partsJSON(list)
	assert.Equal(t, &list[0].Record, parts[0].Record)
	assert.Nil(t, parts[1].Record)
	assert.Equal(t, [2]bool{true, false}, [2]bool{parts[1].Needed, parts[2].Needed})
}
