package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

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

// Ready asks the node that runs on a data directory what /readyz answers, and writes it. The error says why the node
// should get no visitors, or that none runs there. It is for whoever watches a container in which there is nothing but
// the node.
func Ready(ctx context.Context, dir string, w io.Writer) error {
	answered, err := askRunning(ctx, dir, w, http.MethodGet, "/ready")
	if err == nil && !answered {
		return errors.New("no node runs on " + dir + ", or it has not started yet")
	}
	return err
}

func (a *admin) serveReady(w http.ResponseWriter, _ *http.Request) {
	var missing []string
	conditions := a.conditions()
	for _, c := range conditions {
		if !c.Ready {
			missing = append(missing, c.Name+": "+c.Why)
		}
	}
	if len(missing) > 0 {
		http.Error(w, "not ready: "+strings.Join(missing, "; "), http.StatusServiceUnavailable)
		return
	}
	for _, c := range conditions {
		_, _ = fmt.Fprintln(w, "ready ", c.Name)
	}
}
