package server

import (
	"context"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

func (f *fake) People(_ context.Context, query string, offset, limit int) (api.People, error) {
	return api.People{}, f.call([3]any{query, offset, limit})
}

func (f *fake) Person(_ context.Context, key identity.PublicKey, from *identity.PublicKey) (api.Profile, error) {
	return api.Profile{Member: api.Member{Key: key}}, f.call([2]any{key, from})
}

func (f *fake) Picture(_ context.Context, digest statement.Commitment) (string, []byte, error) {
	return "image/png", []byte("png"), f.call(digest)
}

func (f *fake) SetProfile(_ context.Context, member identity.PublicKey, req api.ChangeProfile) (api.Member, error) {
	return api.Member{Key: member}, f.call(memberCall{Member: member, Arg: req})
}

func (f *fake) SetPicture(_ context.Context, member identity.PublicKey, data []byte) (api.Picture, error) {
	return api.Picture{Digest: api.DigestOf(data)}, f.call(memberCall{Member: member, Arg: string(data)})
}

func (f *fake) Settings(member identity.PublicKey) (api.Settings, error) {
	return api.Settings{}, f.call(memberCall{Member: member})
}

func (f *fake) SetSettings(member identity.PublicKey, s api.Settings) (api.Settings, error) {
	return s, f.call(memberCall{Member: member, Arg: s})
}

func (f *fake) Relations(member identity.PublicKey) (api.Relations, error) {
	return api.Relations{}, f.call(memberCall{Member: member})
}

func (f *fake) SetRelation(member, who identity.PublicKey, r api.Relation) (api.Relation, error) {
	return r, f.call([3]any{member, who, r})
}
