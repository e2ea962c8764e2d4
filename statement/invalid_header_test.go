package statement

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/reason"
)

// withKid names another key in the header, and still signs with the forgery's own.
func (f forgery) withKid(kid string) forgery {
	f.header = strings.Replace(f.header, public(f.signer).String(), kid, 1)
	return f
}

// wrongHeader is about the protected header, the kid's key aside.
func wrongHeader(tb testing.TB, r *refusals) {
	tb.Helper()
	f := forge(tb, KindDelegate)
	kid := public(rootName).String()
	header := func(name, text string) { r.add(reason.StatementHeader, name, text) }
	for name, raw := range inOrder(
		"header is not JSON", "header",
		"header is an array", `["EdDSA","stoa-delegate+jwt","`+kid+`"]`,
		"header is a string", `"EdDSA"`,
		"header is null", "null",
		"header is an empty object", "{}",
		"header with something after", f.header+"x",
		"header with a second object after", f.header+"{}",
		"header cut short", f.header[:len(f.header)-1],
		"header with a comment", f.header[:1]+"/**/"+f.header[1:],
		"header with a trailing comma", f.header[:len(f.header)-1]+",}",
		"header with single quotes", strings.ReplaceAll(f.header, `"`, `'`),
		"header with a byte order mark", "\ufeff"+f.header,
		"header with bad UTF-8", strings.Replace(f.header, "EdDSA", "EdDSA\xff", 1),
		"header with NUL after", f.header+"\x00",
	) {
		header(name, f.withHeader(raw).text())
	}
	for _, m := range members(tb, f.header) {
		g := forgery{payload: f.header} // members and with work on payloads
		header("header without "+m.name, f.withHeader(g.with(tb, m.name, "").payload).text())
		header("header with null for "+m.name, f.withHeader(g.with(tb, m.name, "null").payload).text())
		header("header with a number for "+m.name, f.withHeader(g.with(tb, m.name, "1").payload).text())
		header("header with an array for "+m.name,
			f.withHeader(g.with(tb, m.name, "["+string(m.value)+"]").payload).text())
		header("header with "+m.name+" twice",
			f.withHeader(f.header[:1]+`"`+m.name+`":`+string(m.value)+","+f.header[1:]).text())
		header("header with "+m.name+" in capitals", f.swap(`"`+m.name+`"`, `"`+strings.ToUpper(m.name)+`"`).text())
	}
	header("header with alg twice, once escaped", f.swap(`{"alg"`, `{"\u0061lg":"none","alg"`).text())
	for name, extra := range inOrder(
		"crit", `"crit":["exp"]`,
		"crit of b64", `"crit":["b64"],"b64":true`,
		"empty crit", `"crit":[]`,
		"b64", `"b64":false`,
		"jwk", `"jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
		"jku", `"jku":"https://stoa.example/keys"`,
		"x5c", `"x5c":[]`,
		"cty", `"cty":"JWT"`,
		"zip", `"zip":"DEF"`,
		"nonce", `"nonce":"1"`,
		"an empty name", `"":""`,
		"__proto__", `"__proto__":{}`,
	) {
		header("header with "+name, f.withHeader(f.header[:len(f.header)-1]+","+extra+"}").text())
	}
	for _, alg := range []string{
		"none", "ES256", "RS256", "HS256", "Ed25519", "Ed448", "eddsa", "EDDSA", "EdDSA ", " EdDSA", `EdDSA\u0000`, "",
	} {
		header("alg "+alg+".", f.swap(`"EdDSA"`, `"`+alg+`"`).text())
	}
	hs := f.swap(`"EdDSA"`, `"HS256"`)
	mac := hmac.New(sha256.New, publicBytes(rootName))
	mac.Write([]byte(hs.input()))
	header("HS256 with the public key as secret", hs.input()+"."+part(string(mac.Sum(nil))))
	for _, typ := range []string{
		"", "JWT", "jwt", "delegate", "stoa-delegate", "delegate+jwt", "stoa-+jwt", "stoa-delegate+JWT", "Stoa-delegate+jwt",
		"stoa-Delegate+jwt", "stoa_delegate+jwt", "application/stoa-delegate+jwt", "stoa-delegate+jwt ", " stoa-delegate+jwt",
		`stoa-delegate+jwt\n`, "stoa-delegate+jwt+jwt", "stoa-delegate jwt", "stoa--delegate+jwt", "stoa-1delegate+jwt",
		"stoa-d" + strings.Repeat("e", 32) + "+jwt", "stoa-délégué+jwt",
	} {
		header("typ "+typ+".", f.swap("stoa-delegate+jwt", typ).text())
	}
	for _, kind := range []string{"steward", "delegates", "constructor", "to-string", "x", "d" + strings.Repeat("e", 31)} {
		r.add(reason.StatementKind, "unknown kind "+kind, f.swap("stoa-delegate", "stoa-"+kind).text())
	}
	r.add(reason.StatementPayload, "a delegate's payload as rules", f.swap("stoa-delegate", "stoa-rules").text())
	r.add(reason.StatementPayload, "an invite's payload as a grant", forge(tb, KindInvite).swap("stoa-invite", "stoa-grant").text())
}

// wrongKey is about the kid, and keys in payloads.
func wrongKey(tb testing.TB, r *refusals) {
	tb.Helper()
	f, invite := forge(tb, KindDelegate), forge(tb, KindInvite)
	for _, w := range weakKeys() {
		// S = 0 and R = A, or the like, would verify for a key of small order whatever the message.
		r.add(reason.StatementKey, "kid "+w.name, f.withKid(did(unhex(w.raw))).text())
		r.add(reason.StatementKey, "one-time key "+w.name, invite.with(tb, "key", `"`+did(unhex(w.raw))+`"`).text())
	}
	for _, b := range brokenDIDs() {
		r.add(reason.StatementKey, "kid "+b.name, f.withKid(b.text).text())
		r.add(reason.StatementKey, "sub "+b.name, f.with(tb, "sub", `"`+b.text+`"`).text())
	}
	upto := forge(tb, KindRevoke)
	r.add(reason.StatementKey, "log in upto of small order",
		upto.swap(public(anaName).String(), did(unhex(torsion))).text())
	small := f.withKid(did(unhex(weakKeys()[0].raw)))
	r.add(reason.StatementKey, "signature of no key: everything of order 1",
		small.input()+"."+part(string(unhex(weakKeys()[0].raw))+string(make([]byte, 32))))
}

// inOrder ranges over pairs of name and value as they are written.
func inOrder(pairs ...string) func(func(string, string) bool) {
	return func(yield func(string, string) bool) {
		for i := 0; i+1 < len(pairs); i += 2 {
			if !yield(pairs[i], pairs[i+1]) {
				return
			}
		}
	}
}
