package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Entry is what the server asks about people who come without an invite, and about the rules by which they may. Refusals
// are *reason.RejectError.
type Entry interface {
	// Ask keeps a request to join, or admits at once where the rules leave the door open.
	Ask(ctx context.Context, req api.AskRequest) (api.Ask, error)
	// Asked says how a request stands. Anybody who knows its id may ask.
	Asked(ctx context.Context, id statement.ID) (api.Ask, error)
	// Asks are the requests that wait, for a steward.
	Asks(ctx context.Context, steward identity.PublicKey) (api.Asks, error)
	// Approve admits who asked, by a steward's word.
	Approve(ctx context.Context, steward identity.PublicKey, id statement.ID, req api.Approve) (api.Member, error)
	// Decline refuses who asked.
	Decline(ctx context.Context, steward identity.PublicKey, id statement.ID) error
	// ChangeRules puts new rules into force. Only the founder may.
	ChangeRules(ctx context.Context, founder identity.PublicKey, req api.ChangeRules) (api.Community, error)
}

type (
	askPath struct {
		ID string `path:"id" doc:"The id of the join."`
	}
	askApprove struct {
		ID   string `path:"id" doc:"The id of the join."`
		Body api.Approve
	}
)

// traitAsks marks what counts against an address's requests to join.
const traitAsks = "asks"

// entryRoutes declares the operations about ways in without an invite.
func (s *Server) entryRoutes(a huma.API) {
	ask := costly(post(api.PathAsks, "ask", "Join by nobody's invite", http.StatusCreated))
	ask.Metadata[traitAsks] = true
	add(a, ask, s.ask)
	add(a, member(get(api.PathAsks, "listAsks", "The requests that wait for a steward's answer")), s.listAsks)
	add(a, get(api.PathAsk, "getAsk", "How a request to join stands"), s.getAsk)
	add(a, member(acts(post(api.PathApprove, "approve", "Let in who asked", http.StatusOK))), s.approve)
	add(a, member(acts(post(api.PathDecline, "decline", "Refuse who asked", http.StatusNoContent))), s.decline)
	add(a, member(acts(post(api.PathRules, "changeRules", "Change the community's rules", http.StatusOK))), s.changeRules)
}

func (s *Server) ask(ctx context.Context, in *body[api.AskRequest]) (*body[api.Ask], error) {
	if err := api.CheckMessage(in.Body.Message); err != nil {
		return nil, err
	}
	return answer(s.entry.Ask(ctx, in.Body))
}

func (s *Server) getAsk(ctx context.Context, in *askPath) (*body[api.Ask], error) {
	id, err := pathID(in.ID, reason.AskUnknown)
	if err != nil {
		return nil, err
	}
	return answer(s.entry.Asked(ctx, id))
}

func (s *Server) listAsks(ctx context.Context, _ *none) (*body[api.Asks], error) {
	return answer(s.entry.Asks(ctx, sessionOf(ctx).member))
}

func (s *Server) approve(ctx context.Context, in *askApprove) (*body[api.Member], error) {
	id, err := pathID(in.ID, reason.AskUnknown)
	if err != nil {
		return nil, err
	}
	return answer(s.entry.Approve(ctx, sessionOf(ctx).member, id, in.Body))
}

func (s *Server) decline(ctx context.Context, in *askPath) (*none, error) {
	id, err := pathID(in.ID, reason.AskUnknown)
	if err != nil {
		return nil, err
	}
	return nil, s.entry.Decline(ctx, sessionOf(ctx).member, id)
}

func (s *Server) changeRules(ctx context.Context, in *body[api.ChangeRules]) (*body[api.Community], error) {
	if err := api.CheckCommunityName(in.Body.Name.Text); err != nil {
		return nil, err
	}
	return answer(s.entry.ChangeRules(ctx, sessionOf(ctx).member, in.Body))
}
