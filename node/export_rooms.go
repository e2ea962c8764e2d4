package node

import (
	"context"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// exportedRoom is a room, live or planned, that a member made, or that holds something on them.
type exportedRoom struct {
	ID     statement.ID   `json:"id"`
	Title  statement.Text `json:"title"`
	Says   jsontext.Value `json:"says"`
	Yours  *exportedPlace `json:"yours,omitempty"`
	Record jsontext.Value `json:"record,omitempty"` // of a room that they opened
}

// exportedPlace is what a live room holds on somebody. What has no like in a room's record is in memory alone.
type exportedPlace struct {
	Here    bool            `json:"here"`
	Stage   any             `json:"stage,omitempty"`
	Hand    any             `json:"hand,omitempty"`
	Offer   *api.Offer      `json:"offer,omitempty"`
	Chosen  bool            `json:"chosen,omitzero"`
	Removed *rooms.Removal  `json:"removed,omitempty"`
	Log     []exportedOrder `json:"log,omitempty"`
	Apps    []api.App       `json:"apps,omitempty"`
}

// exportedOrder is what a moderator did to somebody, or somebody as a moderator.
type exportedOrder struct {
	rooms.Order

	Says jsontext.Value `json:"says,omitempty"`
}

// nothing reports whether a room holds nothing on somebody.
func (p *exportedPlace) nothing() bool {
	return !p.Here && p.Stage == nil && p.Hand == nil && p.Offer == nil && !p.Chosen && p.Removed == nil && len(p.Log) == 0 && len(p.Apps) == 0
}

// roomsOf are the live rooms, hosted here or elsewhere, that a member opened or that hold something on them.
func (h *hallway) roomsOf(ctx context.Context, member identity.PublicKey) ([]exportedRoom, error) {
	all := []exportedRoom{}
	for _, r := range h.live() {
		err := r.do(ctx, func() error {
			one := exportedRoom{ID: r.id, Title: r.title, Says: claims(r.create.Text()), Yours: r.role.holds(member)}
			one.Yours.Apps = r.apps.list(member, r.now())
			if hosting, ok := r.role.(*hosting); ok && r.create.Signer() == member {
				record, err := hosting.state.Record().Encode()
				if err != nil {
					return err
				}
				one.Record = record
			}
			if r.create.Signer() == member || !one.Yours.nothing() {
				all = append(all, one)
			}
			return nil
		})
		if err != nil && reason.Of(err) != reason.RoomEnded {
			return nil, err
		}
	}
	return all, nil
}

// holds implements role.
func (h *hosting) holds(member identity.PublicKey) *exportedPlace {
	place := &exportedPlace{Here: h.state.Present(member), Chosen: slices.Contains(h.state.Chosen(), member)}
	record := h.state.Record()
	for _, p := range record.Stage {
		if p.Key == member {
			place.Stage = p
		}
	}
	for _, one := range record.Hands {
		if one.Key == member {
			place.Hand = one
		}
	}
	for _, o := range h.state.Offers() {
		if o.Key == member {
			place.Offer = &api.Offer{Key: o.Key, By: o.By, Expires: o.Expires}
		}
	}
	for _, m := range record.Removed {
		if m.Key == member {
			place.Removed = &m
		}
	}
	for _, order := range record.Log {
		one := exportedOrder{Order: order}
		st, err := statement.Parse(order.Act)
		if err == nil {
			one.Says = claims(order.Act)
		}
		if order.Made == member || err == nil && st.Concerns(member) {
			place.Log = append(place.Log, one)
		}
	}
	return place
}

// holds implements role. It is what the host has told this node; the host holds the rest.
func (r *relaying) holds(member identity.PublicKey) *exportedPlace {
	state := r.state
	state.You = member
	place := &exportedPlace{Here: r.locals[member] != nil}
	if p, on := state.Self(); on {
		place.Stage = p
	}
	if at := state.HandPosition(); at > 0 {
		place.Hand = state.Hands[at-1]
	}
	if offer, open := state.Offered(); open {
		place.Offer = &offer
	}
	return place
}
