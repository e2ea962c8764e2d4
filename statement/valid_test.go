package statement

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/mr-tron/base58"
)

// sized pads header and payload with white space until the text has n bytes.
func sized(f forgery, n int) string {
	for pad := range 4 {
		g := f.withHeader(strings.Repeat(" ", pad) + f.header)
		for len(g.text()) < n {
			g.payload += strings.Repeat(" ", max(1, (n-len(g.text()))/2))
		}
		if len(g.text()) == n {
			return g.text()
		}
	}
	panic(fmt.Sprintf("no text of %d bytes", n))
}

// validVectors are texts that every implementation must accept: the example of every kind, then the edges.
func validVectors(tb testing.TB) []validVector {
	tb.Helper()
	var list []validVector
	add := func(name, text string) {
		s, err := Parse(text)
		if err != nil {
			tb.Fatalf("%s: %v", name, err)
		}
		list = append(list, validVector{
			name, text, s.Kind(), s.ID(), s.Signer().String(), s.Audience(), mustJSON(s.Body()),
		})
	}
	for _, e := range examples() {
		add(string(e.body.Kind()), mustSign(tb, e.body, e.signer).Text())
	}
	delegate, rules, profile := forge(tb, KindDelegate), forge(tb, KindRules), forge(tb, KindProfile)
	create, revoke, session := forge(tb, KindCreate), forge(tb, KindRevoke), forge(tb, KindSession)
	add("white space in header and payload", delegate.
		withHeader(" {\t\"alg\" :\r\n\"EdDSA\","+delegate.header[len(`{"alg":"EdDSA",`):]+"\n").
		withPayload("\n"+strings.ReplaceAll(delegate.payload, ",", " ,\t")+"\r\n ").text())
	add("header members in another order", delegate.withHeader(fmt.Sprintf(
		`{"kid":"%s","typ":"stoa-delegate+jwt","alg":"EdDSA"}`, public(rootName))).text())
	add("header written with escapes", delegate.swap(`"alg":"EdDSA"`, `"\u0061lg":"Ed\u0044SA"`).text())
	add("payload members in another order and with escapes", delegate.
		with(tb, "order", "").swap(`{"aud"`, `{"\u006frder":1,"aud"`).swap(`"sub":"did:`, `"su\u0062":"did\u003a`).text())
	add("exactly 4096 bytes", sized(delegate, MaxSize))
	add("largest integer and time", delegate.with(tb, "order", "9007199254740991").with(tb, "exp", "253402300799").text())
	add("smallest time", delegate.with(tb, "iat", "1577836800").with(tb, "exp", "1577836801").text())
	add("rules at their lower bounds", rules.
		with(tb, "admit_slots", "0").with(tb, "period_slots", "0").with(tb, "period", "3600").with(tb, "invite_life", "60").
		with(tb, "host_people", "1").with(tb, "host_time", "0").with(tb, "speak_time", "0").with(tb, "probation", "0").
		with(tb, "entry", `"open"`).text())
	span := fmt.Sprint(MaxSpan)
	add("rules at their upper bounds", rules.
		with(tb, "admit_slots", "1000").with(tb, "period_slots", "1000").with(tb, "period", span).
		with(tb, "invite_life", span).with(tb, "host_people", "1000").with(tb, "host_time", span).
		with(tb, "speak_time", span).with(tb, "probation", span).with(tb, "entry", `"ask"`).text())
	add("grant for speaking", forge(tb, KindGrant).with(tb, "why", `"speaking"`).with(tb, "period", "12").
		with(tb, "slots", "1000").text())
	add("join by nobody's invite", forge(tb, KindJoin).with(tb, "redeem", "").text())
	admit, approve := forge(tb, KindAdmit), `"`+ID(hash("approve")).String()+`"`
	add("admit by asking", admit.with(tb, "way", `"ask"`).with(tb, "approve", approve).text())
	add("admit by an open door", admit.with(tb, "way", `"open"`).text())
	add("invite with a note", forge(tb, KindInvite).with(tb, "note", `"`+Commitment(hash("note")).String()+`"`).text())
	add("slot 999", forge(tb, KindInvite).with(tb, "slot", "999").text())
	add("revoke without upto", revoke.with(tb, "upto", "").text())
	add("revoke with an empty upto", revoke.with(tb, "upto", "[]").text())
	add("revoke with an upto of sixteen logs", revoke.with(tb, "upto", manyLogs(tb, MaxPrefixes)).text())
	add("no topics", create.with(tb, "topics", "[]").text())
	add("three topics, the longest", create.with(tb, "topics",
		fmt.Sprintf(`["%s","-","0"]`, strings.Repeat("z", 32))).with(tb, "lang", `"fil"`).text())
	add("act with a reaction", forge(tb, KindAct).with(tb, "do", `"react"`).with(tb, "reaction", `"heart"`).text())
	add("profile with everything", mustSign(tb, fullProfile(), leoName).Text())
	add("profile with nothing but empty lists", profile.with(tb, "links", "[]").
		with(tb, "topics", "[]").with(tb, "langs", "[]").text())
	add("profile with the longest bio, links, topics and languages", profile.
		with(tb, "bio", `"`+strings.Repeat("é", MaxBio/2)+`"`).
		with(tb, "links", `["https://a","https://b:65535","https://c?#","https://`+strings.Repeat("d", MaxLink-8)+`"]`).
		with(tb, "topics", `["a","b","c","d","e","f","g","`+strings.Repeat("z", 32)+`"]`).
		with(tb, "langs", `["en","fr","pt-BR","fil","de","nl"]`).text())
	add("a room that is public to listen", create.with(tb, "entry", `"public"`).text())
	add("a room for chosen people", create.with(tb, "entry", `"chosen"`).text())
	add("name of one letter", profile.with(tb, "name", `"x"`).text())
	add("name of 400 bytes", profile.with(tb, "name", `"`+strings.Repeat("é", 200)+`"`).text())
	add("name of 100 surrogate pairs as escapes, 400 bytes", profile.
		with(tb, "name", `"`+strings.Repeat(`\ud83c\udfdb`, 100)+`"`).text())
	add("name with every escape", profile.with(tb, "name", `"\"\\\/\b\f\n\r\t\u0000\u00E9\uFFFD"`).text())
	add("name with a delete and line separators", profile.with(tb, "name", "\"a\u007f\u2028\u2029\ufeffz\"").text())
	add("nonce of 16 and origin of 1", session.with(tb, "nonce", `"0123456789abcdef"`).with(tb, "origin", `"x"`).text())
	add("nonce of 100 and origin of 300", session.with(tb, "nonce", `"`+strings.Repeat("n", 100)+`"`).
		with(tb, "origin", `"`+strings.Repeat("o", 300)+`"`).text())
	validBetween(tb, add)
	validSchedules(tb, add)
	add("key of neither small nor prime order", mixedText(forge(tb, KindProfile), true))
	return list
}

// validBetween are the edges of what is said between nodes.
func validBetween(tb testing.TB, add func(name, text string)) {
	tb.Helper()
	enter, ticket, act := forge(tb, KindEnter), forge(tb, KindTicket), forge(tb, KindAct)
	announce, succession, claim := forge(tb, KindAnnounce), forge(tb, KindSuccession), forge(tb, KindClaim)
	longest, last := `"`+strings.Repeat("n", 43)+`"`, fmt.Sprint(maxEpoch)
	add("enter with the shortest nonce", enter.with(tb, "nonce", `"0123456789abcde_"`).text())
	add("enter with the longest nonce, in the last epoch", enter.with(tb, "nonce", longest).with(tb, "epoch", last).text())
	add("ticket for a second", ticket.with(tb, "iat", "1800000000").with(tb, "exp", "1800000001").text())
	add("ticket for sixty seconds", ticket.with(tb, "iat", "1800000000").with(tb, "exp", "1800000060").text())
	add("ticket of the last second", ticket.with(tb, "iat", "253402300798").with(tb, "exp", "253402300799").text())
	add("act without a question, upon somebody else", act.with(tb, "question", `""`).with(tb, "do", `"_"`).
		with(tb, "sub", `"`+public(leoName).String()+`"`).text())
	add("act with everything at its longest", act.with(tb, "n", "9007199254740991").with(tb, "nonce", longest).
		with(tb, "do", `"`+strings.Repeat("z", 32)+`"`).with(tb, "question", `"`+strings.Repeat("é", 900)+strings.Repeat(`\"`, 200)+`"`).text())
	add("act that removes for a while, with a reason", act.with(tb, "do", `"remove"`).with(tb, "duration", "300").
		with(tb, "reason", `"`+ID(hash("reason")).String()+`"`).with(tb, "sub", `"`+public(leoName).String()+`"`).text())
	add("act of the longest duration", act.with(tb, "duration", fmt.Sprint(MaxSpan)).text())
	add("act that turns on", act.with(tb, "switch", `"on"`).text())
	add("act that turns off", act.with(tb, "switch", `"off"`).text())
	for _, e := range []RoomEntry{RoomMembers, RoomPublic, RoomChosen} {
		add("act that opens a room to "+string(e), act.with(tb, "do", `"set_entry"`).with(tb, "entry", `"`+string(e)+`"`).text())
		add("announcement of a room now open to "+string(e), announce.with(tb, "entry", `"`+string(e)+`"`).text())
	}
	add("announcement of an empty room", announce.with(tb, "stage", "0").with(tb, "listening", "0").with(tb, "n", "1").text())
	add("announcement of an end, for two minutes, of a million people", announce.with(tb, "state", `"ended"`).
		with(tb, "iat", "1800000000").with(tb, "exp", "1800000120").with(tb, "stage", "1000000").
		with(tb, "listening", "1000000").with(tb, "n", "9007199254740991").with(tb, "epoch", last).text())
	add("succession of nobody", succession.with(tb, "nodes", "[]").with(tb, "n", "9007199254740991").text())
	add("succession of five nodes", succession.with(tb, "nodes", manyNodes(MaxSuccessors)).with(tb, "n", "1").text())
	add("loss in the last epoch", forge(tb, KindLost).with(tb, "epoch", last).text())
	add("claim with one loss, in the last epoch", claim.with(tb, "lost", manyIDs(1)).with(tb, "epoch", last).text())
	add("claim with five losses", claim.with(tb, "lost", manyIDs(MaxSuccessors)).text())
}

// manyNodes is a list of n keys.
func manyNodes(n int) string {
	var list []string
	for i := range n {
		list = append(list, `"`+public(fmt.Sprint("node ", i)).String()+`"`)
	}
	return "[" + strings.Join(list, ",") + "]"
}

// manyIDs is a list of n ids.
func manyIDs(n int) string {
	var list []string
	for i := range n {
		list = append(list, `"`+ID(hash(fmt.Sprint("lost ", i))).String()+`"`)
	}
	return "[" + strings.Join(list, ",") + "]"
}

// keyVectors are did:keys, good and bad.
func keyVectors() []keyVector {
	var list []keyVector
	for _, name := range []string{rootName, nodeName, anaName, leoName, oneTimeName, homeName} {
		k := public(name)
		list = append(list, keyVector{name, k.String(), hex.EncodeToString(k[:])})
	}
	rfc := "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
	list = append(list,
		keyVector{"RFC 8037, appendix A", did(unhex(rfc)), rfc},
		keyVector{"y = 3", did(unhex("03" + strings.Repeat("00", 31))), "03" + strings.Repeat("00", 31)})
	for _, w := range weakKeys() {
		list = append(list, keyVector{Name: w.name, DID: did(unhex(w.raw))})
	}
	for _, b := range brokenDIDs() {
		list = append(list, keyVector{Name: b.name, DID: b.text})
	}
	return list
}

// brokenDIDs are texts that do not name an Ed25519 key, or not in the one way.
func brokenDIDs() []struct{ name, text string } {
	raw := publicBytes(rootName)
	good := did(raw)
	encoded := good[len("did:key:z"):]
	return []struct{ name, text string }{
		{"empty", ""},
		{"the prefix only", "did:key:z"},
		{"hexadecimal", hex.EncodeToString(raw)},
		{"base58 without did:key", "z" + encoded},
		{"another method", "did:web:z" + encoded},
		{"another multibase", "did:key:u" + encoded},
		{"upper-case scheme", "DID:key:z" + encoded},
		{"with a fragment", good + "#z" + encoded},
		{"with a leading one", "did:key:z1" + encoded},
		{"with a trailing one", good + "1"},
		{"with a zero in base58", good[:20] + "0" + good[21:]},
		{"with a letter outside ASCII", good[:20] + "é" + good[21:]},
		{"cut short", good[:len(good)-1]},
		{"with a space", good + " "},
		{"of 31 bytes", did(raw[:31])},
		{"of 33 bytes", did(append(raw[:32:32], 0))},
		{"without a multicodec", "did:key:z" + base58.Encode(raw)},
		{"with the multicodec of X25519", "did:key:z" + base58.Encode(append([]byte{0xec, 0x01}, raw...))},
		{"with the multicodec of secp256k1", "did:key:z" + base58.Encode(append([]byte{0xe7, 0x01}, raw...))},
		{"with the multicodec in three bytes", "did:key:z" + base58.Encode(append([]byte{0xed, 0x81, 0x00}, raw...))},
		{"very long", "did:key:z" + strings.Repeat(encoded, 10)},
	}
}

// textVectors are committed texts.
func textVectors() []textVector {
	var list []textVector
	for _, text := range []string{"", "Stoa", "Ποικίλη Στοά", "🏛️", "a\u0000b\n\"<", "é", "e\u0301"} {
		h := hash("salt of " + text)
		v := textVector{Text: Text{Salt: Salt(h[:SaltSize]), Text: text}}
		v.Commitment = v.Text.Commitment()
		list = append(list, v)
	}
	return list
}

// fullProfile says all that a profile can say.
func fullProfile() *Profile {
	return &Profile{
		Community: public(rootName), IssuedAt: iat, Name: "Léo", Bio: "I listen “more” than I talk 🌙.",
		Links: []string{"https://leo.example/a?b=c#d", "https://xn--caf-dma.example:8443"}, Topics: []string{"music", "jazz-70"},
		Languages: []string{"fr", "pt-BR"}, Picture: Commitment(hash("picture")),
	}
}
