package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// Operator is what the server asks for the founder's page about the node.
type Operator interface {
	// Checkup looks at how the node is run, and says it in a language: "en" or "fr".
	Checkup(ctx context.Context, member identity.PublicKey, lang string) (api.Checkup, error)
	// TestMedia answers the SDP offer of a connection that carries nothing: whether it comes about is the test.
	TestMedia(ctx context.Context, member identity.PublicKey, sdp string, compat bool) (answer string, err error)
}

type (
	testOffer struct {
		SRTP    string `query:"srtp" enum:"gcm" doc:"As for a room's media."`
		RawBody []byte `contentType:"application/sdp"`
	}
	testAnswer struct {
		ContentType string `header:"Content-Type" hidden:"true"`
		Body        []byte
	}
)

// operatorRoutes declares the operations of the founder's page about the node.
func (s *Server) operatorRoutes(a huma.API) {
	add(a, member(costly(get(api.PathCheckup, "getCheckup", "How the node is run, for its founder"))), s.getCheckup)
	add(a, member(costly(sdp(post(api.PathCheckupMedia, "testMedia", "Try an audio connection that carries nothing", http.StatusCreated)))), s.testMedia)
}

func (s *Server) getCheckup(ctx context.Context, _ *none) (*body[api.Checkup], error) {
	if s.operator == nil {
		return nil, reason.Reject(reason.NotFound, "this node is not looked at over the network")
	}
	return answer(s.operator.Checkup(ctx, sessionOf(ctx).member, callOf(ctx).lang))
}

func (s *Server) testMedia(ctx context.Context, in *testOffer) (*testAnswer, error) {
	if s.operator == nil {
		return nil, reason.Reject(reason.NotFound, "this node is not looked at over the network")
	}
	reply, err := s.operator.TestMedia(ctx, sessionOf(ctx).member, string(in.RawBody), in.SRTP != "gcm")
	if err != nil {
		return nil, err
	}
	return &testAnswer{ContentType: mediaTypeSDP, Body: []byte(reply)}, nil
}
