package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

type (
	nodePath struct {
		Node string `path:"node" doc:"The node's did:key."`
	}
	nodeWithdraw struct {
		Node string `path:"node" doc:"The node's did:key."`
		Body api.WithdrawNode
	}
)

// nodeRoutes declares how the founder withdraws a node.
func (s *Server) nodeRoutes(a huma.API) {
	add(a, member(get(api.PathWithdrawal, "getWithdrawal", "What the founder signs to withdraw a node")), s.getWithdrawal)
	add(a, member(acts(post(api.PathWithdrawal, "withdrawNode", "Withdraw a node", http.StatusNoContent))), s.withdrawNode)
}

func (s *Server) getWithdrawal(ctx context.Context, in *nodePath) (*body[api.Withdrawal], error) {
	node, err := s.pathNode(in.Node)
	if err != nil {
		return nil, err
	}
	return answer(s.nodes.Withdrawal(ctx, sessionOf(ctx).member, node))
}

func (s *Server) withdrawNode(ctx context.Context, in *nodeWithdraw) (*none, error) {
	node, err := s.pathNode(in.Node)
	if err != nil {
		return nil, err
	}
	return nil, s.nodes.WithdrawNode(ctx, sessionOf(ctx).member, node, in.Body)
}

func (s *Server) pathNode(text string) (identity.PublicKey, error) {
	if s.nodes == nil {
		return identity.PublicKey{}, reason.Reject(reason.NotFound, "this node withdraws no others")
	}
	node, err := identity.ParseDID(text)
	if err != nil {
		return node, reason.Reject(reason.NodeUnknown, "the path holds no key")
	}
	return node, nil
}
