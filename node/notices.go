package node

import (
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/notices"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// What is kept for one member alone about what they are told, by its names in the store (storage.Private). None of it holds
// a name or a title: they are those that the node knows when it is asked.
const (
	keptNotices        = "notices"         // noticeBook, JSON
	keptNoticeSettings = "notice-settings" // api.NoticeSettings, JSON
	keptPush           = "push"            // devices, JSON
)

// maxRemembered is how many more rooms are remembered, besides those that are listed, so that nobody is told of one twice.
const maxRemembered = 150

// noticeBook is what one member was told in the last days.
type noticeBook struct {
	Last    int64    `json:"last"`    // the number given last
	Notices []notice `json:"notices"` // the oldest first
	Told    []told   `json:"told"`    // what came before those; the oldest first
}

// notice is one thing that a member was told.
type notice struct {
	N         int64              `json:"n"`
	Kind      api.NoticeKind     `json:"kind"`
	Room      statement.ID       `json:"room"`
	Schedule  statement.ID       `json:"schedule,omitzero"` // that the room was opened from
	By        identity.PublicKey `json:"by,omitzero"`
	Topic     string             `json:"topic,omitzero"`
	Community identity.PublicKey `json:"community"`
	At        int64              `json:"at"`
	Start     int64              `json:"start,omitzero"`
	Read      bool               `json:"read,omitzero"`
	Quiet     bool               `json:"quiet,omitzero"`
}

// told is what remains of a notice that is listed no more.
type told struct {
	Room     statement.ID   `json:"room"`
	Schedule statement.ID   `json:"schedule,omitzero"`
	Kind     api.NoticeKind `json:"kind"`
	At       int64          `json:"at"`
	Start    int64          `json:"start,omitzero"`
}

// book reads what a member was told, without what is too old at a time in Unix milliseconds.
func (b *bell) book(member identity.PublicKey, at int64) (noticeBook, error) {
	book := noticeBook{}
	raw, _, err := b.store.Private(member, keptNotices)
	if err != nil {
		return book, err
	}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &book); err != nil {
			return book, fmt.Errorf("node: the notices of %s: %w", member, err)
		}
	}
	book.fade(at)
	return book, nil
}

// forget drops what members were told too long ago, also of those who are told nothing more.
func (b *bell) forget() {
	at := millis(b.community.now())
	var old []identity.PublicKey
	for kept, err := range b.store.PrivatesNamed(keptNotices) {
		book := noticeBook{}
		if err == nil {
			err = json.Unmarshal(kept.Value, &book)
		}
		if err != nil {
			b.log.Error("what members were told cannot be read", "error", err)
			return
		}
		if book.fade(at) {
			old = append(old, kept.Member)
		}
	}
	for _, member := range old {
		b.writing.Lock()
		book, err := b.book(member, at)
		if err == nil {
			err = b.save(member, &book)
		}
		b.writing.Unlock()
		if err != nil {
			b.log.Error("what a member was told is kept too long", "member", member, "error", err)
		}
	}
}

// save stores a member's book.
func (b *bell) save(member identity.PublicKey, book *noticeBook) error {
	kept, err := book.kept(member)
	if err != nil {
		return err
	}
	return b.store.Commit(storage.Batch{Private: []storage.Private{kept}})
}

// fade drops what is too old at a time in Unix milliseconds, and reports whether there was any.
func (b *noticeBook) fade(at int64) bool {
	before := len(b.Notices) + len(b.Told)
	b.Notices = slices.DeleteFunc(b.Notices, func(n notice) bool { return n.At <= at-notices.KeepFor })
	b.Told = slices.DeleteFunc(b.Told, func(t told) bool { return t.At <= at-notices.KeepFor })
	return len(b.Notices)+len(b.Told) < before
}

// add numbers a notice and takes it in. The oldest make place.
func (b *noticeBook) add(n notice) {
	b.Last++
	n.N = b.Last
	b.Notices = append(b.Notices, n)
	for len(b.Notices) > api.MaxNotices {
		old := b.Notices[0]
		b.Told = append(b.Told, told{Room: old.Room, Schedule: old.Schedule, Kind: old.Kind, At: old.At, Start: old.Start})
		b.Notices = b.Notices[1:]
	}
	b.Told = b.Told[max(0, len(b.Told)-maxRemembered):]
}

// history is all that the member is remembered to have been told.
func (b *noticeBook) history() []notices.Told {
	list := make([]notices.Told, 0, len(b.Told)+len(b.Notices))
	for _, t := range b.Told {
		list = append(list, notices.Told{Room: t.Room, Schedule: t.Schedule, Kind: notices.Kind(t.Kind), At: t.At, Start: t.Start})
	}
	for _, n := range b.Notices {
		list = append(list, notices.Told{Room: n.Room, Schedule: n.Schedule, Kind: notices.Kind(n.Kind), At: n.At, Start: n.Start})
	}
	return list
}

func (b *noticeBook) unread() int {
	count := 0
	for _, n := range b.Notices {
		if !n.Read {
			count++
		}
	}
	return count
}

// kept is the book as it is stored.
func (b *noticeBook) kept(member identity.PublicKey) (storage.Private, error) {
	raw, err := json.Marshal(b)
	return storage.Private{Member: member, Name: keptNotices, Value: raw}, err
}

// wire is a notice as its member gets it.
func (b *bell) wire(member identity.PublicKey, n notice) api.Notice {
	out := api.Notice{
		N: n.N, Kind: n.Kind, At: n.At, Read: n.Read, Quiet: n.Quiet, Room: n.Room, Over: true, Topic: n.Topic, Start: n.Start,
	}
	if !n.By.IsZero() {
		by := b.hallway.people.known(n.By)
		by.Key = n.By
		out.By = &by
	}
	if state, founded := b.community.journal.fold(); founded && state.Community() == n.Community {
		out.Community = b.community.about(state).Name
	}
	if n.Kind == api.NoticeReminder {
		if plan, over := b.planned(n.Room, n.Start); !over {
			out.Over, out.Title = false, plan.Title.Text
			name(out.By, api.Member{Key: plan.Author, Name: plan.By})
			if out.Community == "" {
				out.Community = plan.Name
			}
		}
		return out
	}
	if r, live := b.hallway.glimpse(n.Room, member); live {
		out.Over, out.Title, out.Community = false, r.Title, r.Community.Name
		for _, known := range append([]api.Member{r.Creator}, r.Speakers...) {
			name(out.By, known)
		}
	}
	return out
}

// name gives somebody a name that was heard, if they have none and it is theirs.
func name(who *api.Member, heard api.Member) {
	if who != nil && who.Key == heard.Key && who.Name == "" {
		*who = heard
	}
}

// Notices implements server.Notices.
func (b *bell) Notices(member identity.PublicKey) (api.NoticeList, error) {
	book, err := b.book(member, millis(b.community.now()))
	if err != nil {
		return api.NoticeList{}, err
	}
	return b.list(member, book), nil
}

func (b *bell) list(member identity.PublicKey, book noticeBook) api.NoticeList {
	list := api.NoticeList{Notices: []api.Notice{}, Unread: book.unread()}
	for _, n := range slices.Backward(book.Notices) {
		list.Notices = append(list.Notices, b.wire(member, n))
	}
	return list
}

// ReadNotices implements server.Notices.
func (b *bell) ReadNotices(member identity.PublicKey, numbers []int64) (api.NoticeList, error) {
	b.writing.Lock()
	defer b.writing.Unlock()
	book, err := b.book(member, millis(b.community.now()))
	if err != nil {
		return api.NoticeList{}, err
	}
	for i := range book.Notices {
		book.Notices[i].Read = book.Notices[i].Read || slices.Contains(numbers, book.Notices[i].N)
	}
	return b.list(member, book), b.save(member, &book)
}

// NoticeSettings implements server.Notices.
func (b *bell) NoticeSettings(member identity.PublicKey) (api.NoticeSettings, error) {
	raw, _, err := b.store.Private(member, keptNoticeSettings)
	if err != nil {
		return api.NoticeSettings{}, err
	}
	return readNoticeSettings(raw)
}

// SetNoticeSettings implements server.Notices.
func (b *bell) SetNoticeSettings(member identity.PublicKey, s api.NoticeSettings) (api.NoticeSettings, error) {
	if q := s.Quiet; q != nil {
		if _, err := notices.NewQuiet(q.From, q.To, q.Zone); err != nil {
			return s, err
		}
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return s, fmt.Errorf("node: %w", err)
	}
	b.writing.Lock()
	defer b.writing.Unlock()
	if err := b.store.Commit(storage.Batch{Private: []storage.Private{{Member: member, Name: keptNoticeSettings, Value: raw}}}); err != nil {
		return s, err
	}
	b.neighbor(member, s.Community)
	return s, nil
}

// PushKey implements server.Notices.
func (b *bell) PushKey() (api.PushKey, error) {
	if b.push == nil {
		return api.PushKey{}, reason.Reject(reason.PushOff, "")
	}
	return api.PushKey{Key: b.push.key.Public()}, nil
}

// Subscribe implements server.Notices.
func (b *bell) Subscribe(member identity.PublicKey, s api.PushSubscription) error {
	if b.push == nil {
		return reason.Reject(reason.PushOff, "")
	}
	return b.push.subscribe(member, s)
}

// Unsubscribe implements server.Notices.
func (b *bell) Unsubscribe(member identity.PublicKey, endpoint string) error {
	if b.push == nil {
		return nil
	}
	return b.push.unsubscribe(member, endpoint)
}
