package server

import (
	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
)

func (f *fake) Notices(member identity.PublicKey) (api.NoticeList, error) {
	return api.NoticeList{Unread: 7}, f.call(memberCall{Member: member})
}

func (f *fake) ReadNotices(member identity.PublicKey, numbers []int64) (api.NoticeList, error) {
	return api.NoticeList{}, f.call(memberCall{Member: member, Arg: numbers})
}

func (f *fake) NoticeSettings(member identity.PublicKey) (api.NoticeSettings, error) {
	return api.DefaultNotices(), f.call(memberCall{Member: member})
}

func (f *fake) SetNoticeSettings(member identity.PublicKey, s api.NoticeSettings) (api.NoticeSettings, error) {
	return s, f.call(memberCall{Member: member, Arg: s})
}

func (f *fake) Watch(identity.PublicKey) (<-chan api.Noticed, func()) {
	return f.told, func() {}
}

func (f *fake) PushKey() (api.PushKey, error) { return api.PushKey{Key: "key"}, f.call("push key") }

func (f *fake) Subscribe(member identity.PublicKey, s api.PushSubscription) error {
	return f.call(memberCall{Member: member, Arg: s})
}

func (f *fake) Unsubscribe(member identity.PublicKey, endpoint string) error {
	return f.call(memberCall{Member: member, Arg: endpoint})
}
