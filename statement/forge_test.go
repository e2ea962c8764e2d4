package statement

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/stoa-rooms/stoa/identity"
)

// The cast of the vectors. Their seeds are the SHA-256 of "stoa test key " and the name.
const (
	rootName    = "root"
	nodeName    = "node"
	anaName     = "ana"
	leoName     = "léo"
	oneTimeName = "one-time"
	homeName    = "home" // another node than node, which hosts
)

// iat is the time at which the vectors were said: 15 January 2027, 08:00 UTC.
const iat = 1_800_000_000

func key(name string) identity.PrivateKey {
	seed := sha256.Sum256([]byte("stoa test key " + name))
	k, err := identity.FromSeed(seed[:])
	if err != nil {
		panic(err)
	}
	return k
}

func public(name string) identity.PublicKey { return key(name).Public() }

// hash is an id or a commitment like any other.
func hash(name string) [32]byte { return sha256.Sum256([]byte("stoa test hash " + name)) }

// mustSign makes a statement that has to be right.
func mustSign(tb testing.TB, body Body, signer string) Statement {
	tb.Helper()
	s, err := Sign(body, key(signer))
	if err != nil {
		tb.Fatalf("sign a %s: %v", body.Kind(), err)
	}
	return s
}

// example is one body of a kind and who signs it.
type example struct {
	signer string
	body   Body
}

// examples is one ordinary statement of every kind. The bodies must not be changed.
var examples = sync.OnceValue(makeExamples)

func makeExamples() []example {
	idOf := func(body Body, signer string) ID {
		return forgery{headerOf(body.Kind(), signer), string(mustJSON(body)), signer}.id()
	}
	root, node, ana, leo := public(rootName), public(nodeName), public(anaName), public(leoName)
	grant := &Grant{Community: root, IssuedAt: iat, Member: ana, Slots: 2, Why: WhyAdmission}
	invite := &Invite{
		Community: root, IssuedAt: iat + 60, Expires: iat + 7*86_400,
		Key: public(oneTimeName), Grant: idOf(grant, nodeName), Slot: 1,
	}
	redeem := &Redeem{Community: root, Invite: idOf(invite, anaName), Member: leo}
	join := &Join{
		Community: root, IssuedAt: iat + 120,
		Redeem: forgery{headerOf(KindRedeem, oneTimeName), string(mustJSON(redeem)), oneTimeName}.text(),
	}
	create := &Create{
		Community: root, IssuedAt: iat + 300, JTI: "c3RvYSByb29tIDE-_w", Node: node,
		Title: hash("title"), Language: "pt-BR", Topics: []string{"music", "a-0"}, Entry: RoomMembers,
	}
	return append([]example{
		{rootName, &Delegate{Community: root, IssuedAt: iat, Expires: iat + 365*86_400, Node: node, Order: 1}},
		{rootName, &Rules{
			Community: root, IssuedAt: iat, Order: 1, Name: hash("name"), Entry: EntryInvite,
			AdmitSlots: 2, PeriodSlots: 3, Period: 7 * 86_400, InviteLife: 7 * 86_400,
			HostPeople: 3, HostTime: 600, SpeakTime: 600, Probation: 7 * 86_400,
		}},
		{nodeName, grant},
		{anaName, invite},
		{oneTimeName, redeem},
		{leoName, join},
		{rootName, &Approve{Community: root, IssuedAt: iat + 500, Member: leo, Join: hash("join without redeem")}},
		{nodeName, &Admit{
			Community: root, IssuedAt: iat + 121, Member: leo, Join: idOf(join, leoName), Way: EntryInvite,
		}},
		{rootName, &Revoke{
			Community: root, IssuedAt: iat + 900, Statement: hash("delegate"),
			Upto: []LogPrefix{{Log: node, Size: 7, Root: hash("head")}, {Log: ana, Size: 0, Root: sha256.Sum256(nil)}},
		}},
		{leoName, &Session{
			Node: node, IssuedAt: iat + 130, Expires: iat + 190,
			Origin: "https://stoa.example:7080", Nonce: "bm9uY2UgMTIzNDU2Nzg",
		}},
		{leoName, &Profile{Community: root, IssuedAt: iat + 120, Name: "Léo 🏛️ “<b>Stoa</b>”"}},
		{leoName, create},
		{nodeName, &End{Room: idOf(create, leoName), IssuedAt: iat + 4_000}},
		{leoName, scheduleExample()},
		{leoName, &Erase{Community: root, IssuedAt: iat + 9_000}},
	}, betweenNodes(idOf(create, leoName), idOf)...)
}

// betweenNodes are the examples of what members and nodes say when a room spans several nodes.
func betweenNodes(room ID, idOf func(Body, string) ID) []example {
	node, home, ana := public(nodeName), public(homeName), public(anaName)
	enter := &Enter{Room: room, IssuedAt: iat + 310, Epoch: 1, Home: home, Host: node, Nonce: "aG9zdCdzIG5vbmNlIDE-_w"}
	succession := &Succession{
		Room: room, IssuedAt: iat + 320, Epoch: 1, Number: 3, Nodes: []identity.PublicKey{home, public(oneTimeName)},
	}
	lost := &Lost{Room: room, IssuedAt: iat + 400, Epoch: 1, Host: node}
	return []example{
		{anaName, enter},
		{homeName, &Ticket{
			Room: room, IssuedAt: iat + 311, Expires: iat + 371, Host: node, Member: ana, Enter: idOf(enter, anaName),
		}},
		{anaName, &Act{
			Room: room, IssuedAt: iat + 330, Nonce: enter.Nonce, Number: 1, Do: "raise_hand", Target: ana,
			Question: "Qui parle ? “<b>🏛️</b>”",
		}},
		{anaName, &Lend{Room: room, IssuedAt: iat + 335, Expires: iat + 335 + MaxLendLife, Home: home}},
		{nodeName, &Announce{
			Room: room, IssuedAt: iat + 340, Expires: iat + 385, Epoch: 1, Number: (iat + 340) * 1000, State: RoomLive,
			Stage: 2, Listening: 40,
		}},
		{nodeName, succession},
		{homeName, lost},
		{homeName, &Claim{
			Room: room, IssuedAt: iat + 401, Epoch: 2, List: idOf(succession, nodeName),
			Lost: []ID{idOf(lost, homeName), idOf(lost, oneTimeName)},
		}},
	}
}

// exampleOf is the example of one kind.
func exampleOf(tb testing.TB, kind Kind) example {
	tb.Helper()
	for _, e := range examples() {
		if e.body.Kind() == kind {
			return e
		}
	}
	tb.Fatalf("no example of kind %q", kind)
	return example{}
}

// forgery is a statement under construction, right or wrong.
type forgery struct {
	header  string
	payload string
	signer  string
}

// forge begins with the example of a kind.
func forge(tb testing.TB, kind Kind) forgery {
	tb.Helper()
	e := exampleOf(tb, kind)
	return forgery{header: headerOf(kind, e.signer), payload: string(mustJSON(e.body)), signer: e.signer}
}

func mustJSON(body Body) []byte {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return raw
}

func headerOf(kind Kind, signer string) string {
	return fmt.Sprintf(`{"alg":"EdDSA","typ":"stoa-%s+jwt","kid":"%s"}`, kind, public(signer))
}

func part(raw string) string { return base64.RawURLEncoding.EncodeToString([]byte(raw)) }

// input is what the signature covers.
func (f forgery) input() string { return part(f.header) + "." + part(f.payload) }

// id is the id of what is signed.
func (f forgery) id() ID { return sha256.Sum256([]byte(f.input())) }

// text signs, whatever it is.
func (f forgery) text() string {
	signature, err := key(f.signer).Sign([]byte(f.input()))
	if err != nil {
		panic(err)
	}
	return f.input() + "." + part(string(signature))
}

func (f forgery) withHeader(header string) forgery { f.header = header; return f }

func (f forgery) withPayload(payload string) forgery { f.payload = payload; return f }

// swap replaces the only place where the header or the payload has old.
func (f forgery) swap(old, with string) forgery {
	if strings.Count(f.header, old)+strings.Count(f.payload, old) != 1 {
		panic(fmt.Sprintf("%q is not once in %s %s", old, f.header, f.payload))
	}
	f.header = strings.Replace(f.header, old, with, 1)
	f.payload = strings.Replace(f.payload, old, with, 1)
	return f
}

// member is one claim as it stands in a payload.
type member struct {
	name  string
	value jsontext.Value
}

// members takes an object apart without losing its order.
func members(tb testing.TB, object string) []member {
	tb.Helper()
	d := jsontext.NewDecoder(strings.NewReader(object))
	if _, err := d.ReadToken(); err != nil {
		tb.Fatal(err)
	}
	var list []member
	for d.PeekKind() != jsontext.KindEndObject {
		name, err := d.ReadToken()
		if err != nil {
			tb.Fatal(err)
		}
		m := member{name: name.String()}
		value, err := d.ReadValue()
		if err != nil {
			tb.Fatal(err)
		}
		m.value = value.Clone()
		list = append(list, m)
	}
	return list
}

// object puts members together.
func object(list []member) string {
	var b strings.Builder
	for i, m := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:%s", m.name, m.value)
	}
	return "{" + b.String() + "}"
}

// with changes one claim to raw JSON, or drops it when raw is empty, or adds it.
func (f forgery) with(tb testing.TB, claim, raw string) forgery {
	tb.Helper()
	var list []member
	found := false
	for _, m := range members(tb, f.payload) {
		if m.name == claim {
			found = true
			if raw == "" {
				continue
			}
			m.value = jsontext.Value(raw)
		}
		list = append(list, m)
	}
	if !found {
		list = append(list, member{claim, jsontext.Value(raw)})
	}
	return f.withPayload(object(list))
}
