package server

import (
	"context"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

func (f *fake) Ask(_ context.Context, req api.AskRequest) (api.Ask, error) {
	return api.Ask{State: api.AskWaiting}, f.call(req)
}

func (f *fake) Asked(_ context.Context, id statement.ID) (api.Ask, error) {
	return api.Ask{State: api.AskWaiting}, f.call(id)
}

func (f *fake) Asks(_ context.Context, steward identity.PublicKey) (api.Asks, error) {
	return api.Asks{Asks: []api.Asking{{Message: "let me in"}}}, f.call(memberCall{Member: steward})
}

func (f *fake) Approve(_ context.Context, steward identity.PublicKey, id statement.ID, req api.Approve) (api.Member, error) {
	return api.Member{Name: "approved"}, f.call(memberCall{Member: steward, ID: id, Arg: req})
}

func (f *fake) Decline(_ context.Context, steward identity.PublicKey, id statement.ID) error {
	return f.call(memberCall{Member: steward, ID: id})
}

func (f *fake) ChangeRules(_ context.Context, founder identity.PublicKey, req api.ChangeRules) (api.Community, error) {
	return api.Community{Name: "Stoa"}, f.call(memberCall{Member: founder, Arg: req})
}
