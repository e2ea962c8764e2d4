package api_test

import (
	"testing"

	"github.com/stoa-rooms/stoa/api"
)

func TestOfRoom(t *testing.T) {
	t.Parallel()
	numbered := []api.Event{
		api.HandRaised{},
		api.HandLowered{},
		api.StageOffered{},
		api.OfferEnded{},
		api.StageJoined{},
		api.StageLeft{},
		api.Muted{},
		api.Unmuted{},
		api.RoleChanged{},
		api.Connection{},
		api.Removed{},
		api.RemovalEnded{},
		api.UnmuteAsked{},
		api.SettingsChanged{},
		api.AudienceChanged{},
		api.EntryChanged{},
		api.ChosenChanged{},
		api.Ended{},
		api.PersonChanged{},
	}
	for _, event := range numbered {
		if !api.OfRoom(event) {
			t.Errorf("%T is not numbered", event)
		}
	}
	own := []api.Event{
		api.Snapshot{},
		api.Hallway{},
		api.Refused{},
		api.Entry{},
		api.HostChanged{},
		api.Mine{},
		api.AppsChanged{},
		api.Noticed{},
		api.Reactions{},
	}
	for _, event := range own {
		if api.OfRoom(event) {
			t.Errorf("%T: what a node says to its own members is no host's to say", event)
		}
	}
}
