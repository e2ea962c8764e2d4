package node

import (
	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/certs"
)

// health tells load balancers and orchestrators how the parts are. It implements server.Health.
type health struct {
	hallway *hallway
	certs   *certs.Certs // nil: none
}

// Conditions implements server.Health.
func (h health) Conditions() []api.Condition {
	store := api.Condition{Name: "store", Ready: true}
	if h.hallway.community.journal.store.Ready() != nil {
		store = api.Condition{Name: "store", Why: "the data directory takes no writes: the node's log says why, and so does stoa doctor"}
	}
	audio := api.Condition{Name: "media", Ready: true}
	if !h.hallway.media.Listens() {
		audio = api.Condition{Name: "media", Why: "the audio's UDP socket is not open"}
	}
	// A node without a community is ready: for whoever founds one.
	community := api.Condition{Name: "community", Ready: true}
	switch state, founded := h.hallway.community.journal.fold(); {
	case !founded:
		community.Why = "none is founded yet: open the owner link that the node printed when it started"
	default:
		if _, ruled := state.Rules(); !ruled {
			community = api.Condition{Name: "community", Why: "this node was added to a community and is still fetching its log"}
		}
	}
	all := []api.Condition{store, audio, community}
	if h.certs.Trouble() != nil {
		all = append(all, api.Condition{Name: "certificate", Why: "there is no certificate for the domain yet: the node's log says why, and so does stoa doctor"})
	}
	return all
}
