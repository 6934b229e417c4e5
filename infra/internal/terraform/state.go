package terraform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
)

// State is what is read here of a state, in the format that Terraform writes since 0.12.
type State struct {
	Serial    uint64                 `json:"serial"`
	Lineage   string                 `json:"lineage"`
	Outputs   map[string]StateOutput `json:"outputs"`
	Resources []StateResource        `json:"resources"`
}

// StateOutput is the value of an output, as JSON.
type StateOutput struct {
	Value json.RawMessage `json:"value"`
}

// StateResource is a resource in a state, with all its instances.
type StateResource struct {
	Module    string          `json:"module"`
	Mode      string          `json:"mode"`
	Type      string          `json:"type"`
	Name      string          `json:"name"`
	Instances []StateInstance `json:"instances"`
}

// StateInstance is one instance of a resource.
type StateInstance struct {
	Key        any             `json:"index_key"`
	Attributes json.RawMessage `json:"attributes"`
}

// stateFormat is the one that is read here.
const stateFormat = 4

// ReadState reads a state; nil when the text is empty, as Terraform leaves a state that it moved
// elsewhere.
func ReadState(text []byte) (*State, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, nil
	}
	var state struct {
		Version int `json:"version"`
		State
	}
	if err := json.Unmarshal(text, &state); err != nil {
		return nil, fmt.Errorf("the state is no JSON: %w", err)
	}
	if state.Version != stateFormat {
		return nil, fmt.Errorf("the state has format %d, not %d: it is encrypted, or another version's", state.Version, stateFormat)
	}
	return &state.State, nil
}

// ReadStateFile reads a state that is a file; nil when there is none.
func ReadStateFile(path string) (*State, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	state, err := ReadState(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return state, nil
}

// Manages tells whether the state records any resource that Terraform made.
func (s *State) Manages() bool {
	return s != nil && slices.ContainsFunc(s.Resources, func(r StateResource) bool { return r.Mode == "managed" })
}

// Empty tells whether there is nothing in the state.
func (s *State) Empty() bool { return s == nil || len(s.Resources)+len(s.Outputs) == 0 }

// Values are the outputs' values, as JSON.
func (s *State) Values() map[string]json.RawMessage {
	values := map[string]json.RawMessage{}
	if s != nil {
		for name, output := range s.Outputs {
			values[name] = output.Value
		}
	}
	return values
}

// Instances are the addresses of everything in the state, sorted.
func (s *State) Instances() []string {
	var addresses []string
	for _, r := range s.Resources {
		address := r.Type + "." + r.Name
		if r.Mode == "data" {
			address = "data." + address
		}
		if r.Module != "" {
			address = r.Module + "." + address
		}
		for _, instance := range r.Instances {
			key, err := json.Marshal(instance.Key)
			if err != nil || instance.Key == nil {
				addresses = append(addresses, address)
				continue
			}
			addresses = append(addresses, address+"["+string(key)+"]")
		}
	}
	slices.Sort(addresses)
	return addresses
}

// emptied is a state of the same history without anything in it.
func emptied(text []byte) ([]byte, error) {
	var state map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&state); err != nil {
		return nil, err
	}
	read, err := ReadState(text)
	if err != nil {
		return nil, err
	}
	state["serial"], state["outputs"], state["resources"], state["check_results"] = read.Serial+1, map[string]any{}, []any{}, nil
	return json.MarshalIndent(state, "", "  ")
}
