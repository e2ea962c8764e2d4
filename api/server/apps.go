package server

import (
	"context"
	"strings"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Apps is what the server asks about the other programs of members: who may connect, and their connections.
type Apps interface {
	// Apps lists those of a member in a room.
	Apps(ctx context.Context, room statement.ID, member identity.PublicKey) (api.AppList, error)
	// CreateApp makes a token for a member who is in the room. It is void once session is closed.
	CreateApp(ctx context.Context, room statement.ID, member identity.PublicKey, req api.CreateApp, session <-chan struct{}) (api.NewApp, error)
	// RevokeApp ends a token, and what is connected by it.
	RevokeApp(ctx context.Context, room statement.ID, member identity.PublicKey, app string) error
	// DropApps ends all tokens of a member.
	DropApps(ctx context.Context, member identity.PublicKey)
	// ConnectApp answers the offer of a program, in place of any earlier one by the same token.
	ConnectApp(ctx context.Context, room statement.ID, direction api.Direction, token, sdp string) (answer, session string, err error)
	// AppSession names the ICE session of a connection, and refuses whoever has no connection of that name by that token.
	AppSession(ctx context.Context, room statement.ID, direction api.Direction, token, session string) (ice string, err error)
	// RestartApp begins another ICE session of a connection, by the credentials of the program. It returns the node's
	// side, and what AppSession says from then on.
	RestartApp(ctx context.Context, room statement.ID, direction api.Direction, token, session string, theirs Credentials) (fragment, ice string, err error)
	// CloseApp ends a connection.
	CloseApp(ctx context.Context, room statement.ID, direction api.Direction, token, session string) error
}

// Credentials are what one side is known by in ICE.
type Credentials struct{ User, Password string }

type (
	appCreate struct {
		ID   string `path:"id" doc:"The room's id."`
		Body api.CreateApp
	}
	appPath struct {
		ID  string `path:"id" doc:"The room's id."`
		App string `path:"app" doc:"The app's id." maxLength:"100"`
	}
)

func (s *Server) listApps(ctx context.Context, in *roomPath) (*body[api.AppList], error) {
	id, err := s.appRoom(in.ID)
	if err != nil {
		return nil, err
	}
	return answer(s.apps.Apps(ctx, id, sessionOf(ctx).member))
}

func (s *Server) createApp(ctx context.Context, in *appCreate) (*body[api.NewApp], error) {
	id, err := s.appRoom(in.ID)
	if err != nil {
		return nil, err
	}
	session := sessionOf(ctx)
	made, err := s.apps.CreateApp(ctx, id, session.member, in.Body, session.gone)
	for _, e := range endpoints() {
		if e.direction == made.App.Direction {
			made.Path = strings.ReplaceAll(e.path, "{room}", id.String())
		}
	}
	return answer(made, err)
}

func (s *Server) revokeApp(ctx context.Context, in *appPath) (*none, error) {
	id, err := s.appRoom(in.ID)
	if err != nil {
		return nil, err
	}
	return nil, s.apps.RevokeApp(ctx, id, sessionOf(ctx).member, in.App)
}

func (s *Server) appRoom(text string) (statement.ID, error) {
	if s.apps == nil {
		return statement.ID{}, reason.Reject(reason.NotFound, "this node lets no apps in")
	}
	return pathID(text, reason.RoomUnknown)
}
