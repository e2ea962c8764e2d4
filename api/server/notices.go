package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// Notices is what the server asks about what members are told of.
type Notices interface {
	// Notices is what a member was told.
	Notices(member identity.PublicKey) (api.NoticeList, error)
	// ReadNotices marks some as read, and gives the list as it then is.
	ReadNotices(member identity.PublicKey, numbers []int64) (api.NoticeList, error)
	// NoticeSettings are what a member wants to be told.
	NoticeSettings(member identity.PublicKey) (api.NoticeSettings, error)
	// SetNoticeSettings replaces them.
	SetNoticeSettings(member identity.PublicKey, s api.NoticeSettings) (api.NoticeSettings, error)
	// Watch carries what a member is told from now on, until stop. Who does not read misses some.
	Watch(member identity.PublicKey) (told <-chan api.Noticed, stop func())
	// PushKey is what browsers subscribe with; a refusal where the node sends nothing to closed pages.
	PushKey() (api.PushKey, error)
	// Subscribe tells one more browser of a member, too.
	Subscribe(member identity.PublicKey, s api.PushSubscription) error
	// Unsubscribe ends that.
	Unsubscribe(member identity.PublicKey, endpoint string) error
}

// noticeRoutes declares the operations about notices.
func (s *Server) noticeRoutes(a huma.API) {
	if s.notices == nil {
		return
	}
	add(a, member(get(api.PathNotices, "getNotices", "What one was told")), s.getNotices)
	add(a, member(acts(post(api.PathNoticesRead, "readNotices", "Mark as read", http.StatusOK))), s.readNotices)
	add(a, member(get(api.PathNoticeSettings, "getNoticeSettings", "What one wants to be told")), s.getNoticeSettings)
	add(a, member(acts(post(api.PathNoticeSettings, "setNoticeSettings", "Replace what one wants to be told", http.StatusOK))), s.setNoticeSettings)
	add(a, member(get(api.PathMyPush, "getPushKey", "What a browser needs to be told when the page is closed")), s.getPushKey)
	add(a, member(acts(post(api.PathMyPush, "subscribe", "Tell this browser too, when the page is closed", http.StatusNoContent))), s.subscribe)
	add(a, member(acts(post(api.PathMyPushRemove, "unsubscribe", "Tell this browser no more", http.StatusNoContent))), s.unsubscribe)
}

func (s *Server) getNotices(ctx context.Context, _ *none) (*body[api.NoticeList], error) {
	return answer(s.notices.Notices(sessionOf(ctx).member))
}

func (s *Server) readNotices(ctx context.Context, in *body[api.ReadNotices]) (*body[api.NoticeList], error) {
	if len(in.Body.Notices) > api.MaxNotices {
		return nil, reason.Reject(reason.RequestInvalid, "%d numbers", len(in.Body.Notices))
	}
	who := sessionOf(ctx).member
	out, err := s.notices.ReadNotices(who, in.Body.Notices)
	if err == nil {
		s.mine.tell(who)
	}
	return answer(out, err)
}

func (s *Server) getNoticeSettings(ctx context.Context, _ *none) (*body[api.NoticeSettings], error) {
	return answer(s.notices.NoticeSettings(sessionOf(ctx).member))
}

func (s *Server) setNoticeSettings(ctx context.Context, in *body[api.NoticeSettings]) (*body[api.NoticeSettings], error) {
	if err := in.Body.Check(); err != nil {
		return nil, err
	}
	who := sessionOf(ctx).member
	out, err := s.notices.SetNoticeSettings(who, in.Body)
	if err == nil {
		s.mine.tell(who)
	}
	return answer(out, err)
}

func (s *Server) getPushKey(context.Context, *none) (*body[api.PushKey], error) {
	return answer(s.notices.PushKey())
}

func (s *Server) subscribe(ctx context.Context, in *body[api.PushSubscription]) (*none, error) {
	return nil, s.notices.Subscribe(sessionOf(ctx).member, in.Body)
}

func (s *Server) unsubscribe(ctx context.Context, in *body[api.PushRemoval]) (*none, error) {
	return nil, s.notices.Unsubscribe(sessionOf(ctx).member, in.Body.Endpoint)
}
