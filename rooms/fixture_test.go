package rooms_test

import (
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// now is start in seconds.
const now = start / 1000

// private is the key of key(n).
func private(n byte) identity.PrivateKey {
	seed := [32]byte{n}
	p, err := identity.FromSeed(seed[:])
	if err != nil {
		panic(err)
	}
	return p
}

// Who is who in these tests: the root, the creator of the rooms, and from node(0) on the nodes, the first host first.
const (
	rootKey    = 100
	creatorKey = 101
	nodeKeys   = 110
)

func node(n int) identity.PublicKey { return key(byte(nodeKeys + n)) }

func must[T any](tb testing.TB) func(v T, err error) T {
	tb.Helper()
	return func(v T, err error) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

func sign(tb testing.TB, by byte, body statement.Body) statement.Statement {
	tb.Helper()
	return must[statement.Statement](tb)(statement.Sign(body, private(by)))
}

// venue is a room with all that announcing it takes.
type venue struct {
	create, delegate, rules statement.Statement
	title, name             statement.Text
}

func newVenue(tb testing.TB, jti string) venue {
	tb.Helper()
	v := venue{
		title: statement.Text{Salt: statement.Salt{1}, Text: "A room"},
		name:  statement.Text{Salt: statement.Salt{2}, Text: "A community"},
	}
	v.create = sign(tb, creatorKey, &statement.Create{
		Community: key(rootKey), IssuedAt: now, JTI: "0123456789abcdef" + jti, Node: node(0), Title: v.title.Commitment(),
		Language: "en", Topics: []string{"books"}, Entry: statement.RoomMembers,
	})
	v.delegate = sign(tb, rootKey, &statement.Delegate{
		Community: key(rootKey), IssuedAt: now, Expires: now + 1000, Node: node(0), Order: 1,
	})
	v.rules = sign(tb, rootKey, &statement.Rules{
		Community: key(rootKey), IssuedAt: now, Order: 1, Name: v.name.Commitment(), Entry: statement.EntryInvite,
		Period: 3600, InviteLife: 60, HostPeople: 1,
	})
	return v
}

// nodeOf is the number of a node's key.
func nodeOf(k identity.PublicKey) int {
	for n := range 20 {
		if node(n) == k {
			return n
		}
	}
	return -1
}

// signer is the private half of a node's key.
func signer(k identity.PublicKey) byte { return byte(nodeKeys + nodeOf(k)) }

// list is a list of the tenure's host.
func list(tb testing.TB, of rooms.Tenure, number int64, nodes ...int) statement.Statement {
	tb.Helper()
	body := &statement.Succession{Room: of.Room, IssuedAt: now, Epoch: of.Epoch, Number: number, Nodes: []identity.PublicKey{}}
	for _, n := range nodes {
		body.Nodes = append(body.Nodes, node(n))
	}
	return sign(tb, signer(of.Host), body)
}

func lost(tb testing.TB, of rooms.Tenure, by int) statement.Statement {
	tb.Helper()
	return sign(tb, byte(nodeKeys+by), &statement.Lost{Room: of.Room, IssuedAt: now, Epoch: of.Epoch, Host: of.Host})
}

// claim is the tenure that by claims with the signatures of those who lost the host of t, its own included.
func claim(tb testing.TB, of rooms.Tenure, list statement.Statement, at int64, by int, others ...int) rooms.Tenure {
	tb.Helper()
	signed := []statement.Statement{lost(tb, of, by)}
	for _, n := range others {
		signed = append(signed, lost(tb, of, n))
	}
	return must[rooms.Tenure](tb)(of.Claim(list, signed, at, private(byte(nodeKeys+by))))
}

// announce is an announcement of the host of a tenure. edit may change it before it is signed.
func (v venue) announce(tb testing.TB, of rooms.Tenure, at, number int64, edit ...func(*statement.Announce)) rooms.Announcement {
	tb.Helper()
	body := &statement.Announce{
		Room: of.Room, IssuedAt: at, Expires: at + rooms.AnnounceLife, Epoch: of.Epoch, Number: number,
		State: statement.RoomLive, Stage: 1,
	}
	for _, e := range edit {
		e(body)
	}
	return must[rooms.Announcement](tb)(rooms.NewAnnouncement(v.bundle(of, sign(tb, signer(of.Host), body))))
}

func (v venue) bundle(of rooms.Tenure, announce statement.Statement) rooms.Bundle {
	return rooms.Bundle{
		Announce: announce, Create: v.create, Delegate: v.delegate, Rules: v.rules, Title: v.title, Name: v.name,
		Speakers: hints("Ana"), Tenure: of, Addrs: []string{"/ip4/192.0.2.1/udp/4001/quic-v1"},
	}
}

func ends(a *statement.Announce) { a.State = statement.RoomEnded }

func leaves(a *statement.Announce) { a.Expires = a.IssuedAt + rooms.LastLife }

// refusal is the reason of an error, "ok" for none.
func refusal(err error) string {
	if err == nil {
		return "ok"
	}
	return string(reason.Of(err))
}

// hints are speakers of these names, all with one key.
func hints(names ...string) []rooms.SpeakerHint {
	seed := [32]byte{7}
	key, err := identity.FromSeed(seed[:])
	if err != nil {
		panic(err)
	}
	list := make([]rooms.SpeakerHint, len(names))
	for i, name := range names {
		list[i] = rooms.SpeakerHint{Key: key.Public(), Name: name}
	}
	return list
}

func marshal(tb testing.TB, b bundle) []byte {
	tb.Helper()
	return must[[]byte](tb)(json.Marshal(b))
}
