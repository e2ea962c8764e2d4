package statement

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stoa-rooms/stoa/reason"
)

// wrongJSON is about payloads that are not one I-JSON object.
func wrongJSON(tb testing.TB, r *refusals) {
	tb.Helper()
	f, profile := forge(tb, KindDelegate), forge(tb, KindProfile)
	payload := func(name, text string) { r.add(reason.StatementPayload, name, text) }
	for name, raw := range inOrder(
		"payload is not JSON", "stoa",
		"payload is an array", "["+f.payload+"]",
		"payload is a string", `"`+strings.ReplaceAll(f.payload, `"`, `\"`)+`"`,
		"payload is a number", "1",
		"payload is null", "null",
		"payload is a space", " ",
		"payload is an empty object", "{}",
		"payload cut short", f.payload[:len(f.payload)-1],
		"payload with something after", f.payload+"x",
		"payload with a brace after", f.payload+"}",
		"payload with NUL after", f.payload+"\x00",
		"payload twice", f.payload+f.payload,
		"payload with a trailing comma", f.payload[:len(f.payload)-1]+",}",
		"payload with a leading comma", "{,"+f.payload[1:],
		"payload with two commas", strings.Replace(f.payload, ",", ",,", 1),
		"payload without a comma", strings.Replace(f.payload, ",", " ", 1),
		"payload with a semicolon", strings.Replace(f.payload, ":1}", ";1}", 1),
		"payload with a comment", f.payload+"// it",
		"payload with single quotes", strings.ReplaceAll(f.payload, `"`, `'`),
		"payload with a bare name", strings.Replace(f.payload, `"order"`, "order", 1),
		"payload with a byte order mark", "\ufeff"+f.payload,
		"payload with a form feed", "\f"+f.payload,
		"payload with a no-break space", "\u00a0"+f.payload,
		"payload in UTF-16", utf16(f.payload),
		"payload with a vertical tab between", strings.Replace(f.payload, ",", ",\v", 1),
		"claim twice", f.payload[:1]+`"order":1,`+f.payload[1:],
		"claim twice, once escaped", f.payload[:1]+`"\u006frder":1,`+f.payload[1:],
		"claim in capitals", strings.Replace(f.payload, `"order"`, `"Order"`, 1),
		"claim with a space", strings.Replace(f.payload, `"order"`, `"order "`, 1),
		"unknown claim", f.payload[:1]+`"note":"x",`+f.payload[1:],
		"unknown claim with an empty name", f.payload[:1]+`"":0,`+f.payload[1:],
		"unknown claim __proto__", f.payload[:1]+`"__proto__":{},`+f.payload[1:],
		"unknown claim nested 5 deep", f.payload[:1]+`"x":[[[[0]]]],`+f.payload[1:],
		"unknown claim nested 1000 deep", f.payload[:1]+`"x":`+strings.Repeat("[", 1000)+strings.Repeat("]", 1000)+`,`+f.payload[1:],
		"1500 brackets", strings.Repeat("[", 1500),
		"a duplicate deep inside", f.payload[:1]+`"x":{"y":0,"y":0},`+f.payload[1:],
	) {
		payload(name, f.withPayload(raw).text())
	}
	for _, number := range []string{
		"1.0", "1e0", "1E3", "1.5", "-0", "-1", "0", "01", "+1", "1.", ".1", "0x1", "1_0", "-", "- 1", "NaN", "Infinity",
		"9007199254740992", "-9007199254740992", "9007199254740993", "9223372036854775807", "9223372036854775808",
		"18446744073709551617", "1" + strings.Repeat("0", 400), "1e400", "-0.0", "true", "１",
	} {
		name := number
		if len(name) > 30 {
			name = "10^400"
		}
		payload("number "+name, f.with(tb, "order", number).text())
	}
	// Where zero is allowed, minus zero is not.
	payload("slot -0", forge(tb, KindInvite).with(tb, "slot", "-0").text())
	payload("size -0", forge(tb, KindRevoke).swap(`"size":0`, `"size":-0`).text())
	for name, raw := range inOrder(
		"lone high surrogate", `"\ud83c"`,
		"lone low surrogate", `"\udfdb"`,
		"surrogates the wrong way round", `"\udfdb\ud83c"`,
		"high surrogate before a letter", `"\ud83cx"`,
		"high surrogate before another escape", `"\ud83c\u0041"`,
		"two high surrogates", `"\ud83c\ud83c"`,
		"bad UTF-8", "\"a\xffz\"",
		"UTF-8 cut short", "\"a\xe2\x82\"",
		"overlong UTF-8", "\"\xc0\xaf\"",
		"a surrogate as UTF-8", "\"\xed\xa0\x80\"",
		"beyond Unicode", "\"\xf4\x90\x80\x80\"",
		"Latin-1", "\"L\xe9o\"",
		"raw line break", "\"a\nz\"",
		"raw NUL", "\"a\x00z\"",
		"raw escape", "\"a\x1bz\"",
		"unknown escape", `"\x41"`,
		"escape of an apostrophe", `"\'"`,
		"short escape", `"\u41"`,
		"escape in braces", `"\u{41}"`,
		"capital U escape", `"\U0041"`,
		"open string", `"abc`,
		"noncharacter FFFE", "\"\ufffe\"",
		"noncharacter FFFF, escaped", `"\uffff"`,
		"noncharacter FDD0", "\"\ufdd0\"",
		"noncharacter 1FFFE, escaped", `"\ud83f\udffe"`,
		"noncharacter 10FFFF", "\"\U0010ffff\"",
	) {
		payload("name with "+name, profile.with(tb, "name", raw).text())
	}
	payload("noncharacter in a claim's name", f.swap(`{"aud"`, "{\"\uffff\":0,\"aud\"").text())
	payload("lone surrogate in a claim's name", f.swap(`{"aud"`, `{"\ud800":0,"aud"`).text())
}

// utf16 writes ASCII as big-endian UTF-16.
func utf16(ascii string) string {
	var b strings.Builder
	for _, c := range []byte(ascii) {
		b.Write([]byte{0, c})
	}
	return b.String()
}

// wrongClaims goes through every claim of every kind: missing, null, of the wrong type, and malformed.
func wrongClaims(tb testing.TB, r *refusals) {
	tb.Helper()
	for _, e := range examples() {
		kind := e.body.Kind()
		f := forge(tb, kind)
		claim := func(claim, how, raw string) {
			r.add(reason.StatementPayload, fmt.Sprintf("%s: %s %s", kind, claim, how), f.with(tb, claim, raw).text())
		}
		for _, m := range members(tb, f.payload) {
			if !optional(m.name) {
				claim(m.name, "missing", "")
			}
			claim(m.name, "is null", "null")
			claim(m.name, "is true", "true")
			claim(m.name, "is an object", "{}")
			switch m.value.Kind() {
			case jsontext.KindNumber:
				claim(m.name, "is a string", `"`+string(m.value)+`"`)
				claim(m.name, "is an array", "["+string(m.value)+"]")
			case jsontext.KindString:
				claim(m.name, "is a number", "0")
				claim(m.name, "is an array", "["+string(m.value)+"]")
				if text := string(m.value); len(text) == 45 { // an id or a commitment
					claim(m.name, "is 42 characters", text[:43]+`"`)
					claim(m.name, "is padded", text[:44]+`="`)
					claim(m.name, "has a line break", text[:44]+`\n"`)
					claim(m.name, "is plain base64", `"+`+text[2:])
					claim(m.name, "has loose bits", text[:43]+`B"`)
					claim(m.name, "is empty", `""`)
				}
			default:
				claim(m.name, "is a string", `"x"`)
				claim(m.name, "has a number in it", "[0]")
				claim(m.name, "has null in it", "[null]")
			}
		}
		claim("aud", "is an array of two", fmt.Sprintf(`["%s","%s"]`, public(rootName), public(rootName)))
		claim("nbf", "is unknown", fmt.Sprint(iat))
	}
}

// wrongBounds is about claims of the right type that no statement may hold.
func wrongBounds(tb testing.TB, r *refusals) {
	tb.Helper()
	kinds := map[Kind]forgery{}
	for _, e := range examples() {
		kinds[e.body.Kind()] = forge(tb, e.body.Kind())
	}
	bad := func(kind Kind, claim string, values ...string) { r.bounds(tb, kind, claim, values...) }
	for kind, f := range kindsInOrder(tb, kinds) {
		for _, m := range members(tb, f.payload) {
			switch m.name {
			case "iat":
				bad(kind, "iat", "-1800000000", "0", "1577836799", "253402300800", "9007199254740991")
			case "exp":
				bad(kind, "exp", "-1", "0", "1800000000", "1577836801", "253402300800", "9007199254740991")
			}
		}
	}
	bad(KindDelegate, "order", "0", "-1")
	bad(KindRules, "order", "0", "-1")
	for _, slots := range []string{"admit_slots", "period_slots"} {
		bad(KindRules, slots, "-1", "1001")
	}
	bad(KindRules, "period", "0", "3599", fmt.Sprint(MaxSpan+1))
	bad(KindRules, "invite_life", "0", "59", fmt.Sprint(MaxSpan+1))
	bad(KindRules, "host_people", "0", "1001")
	for _, span := range []string{"host_time", "speak_time", "probation"} {
		bad(KindRules, span, "-1", fmt.Sprint(MaxSpan+1))
	}
	bad(KindRules, "entry", `""`, `"Invite"`, `"public"`, `"invite "`)
	bad(KindGrant, "slots", "0", "-1", "1001")
	bad(KindGrant, "why", `""`, `"friendship"`, `"Admission"`)
	bad(KindGrant, "period", "-1", "1")
	bad(KindInvite, "slot", "-1", "1000")
	bad(KindAdmit, "way", `""`, `"door"`, `"INVITE"`, `"ask"`)
	bad(KindAdmit, "approve", `""`, `"`+ID(hash("approve")).String()+`"`)
	r.add(reason.StatementPayload, "invite with the note of zero bytes",
		kinds[KindInvite].with(tb, "note", `"`+strings.Repeat("A", 43)+`"`).text())
	r.add(reason.StatementPayload, "admit by asking that names the approval of zero bytes",
		kinds[KindAdmit].with(tb, "way", `"ask"`).with(tb, "approve", `"`+strings.Repeat("A", 43)+`"`).text())
	bad(KindRevoke, "upto", manyLogs(tb, MaxPrefixes+1), kinds[KindRevoke].doubleLog(tb))
	for _, prefix := range []string{
		`{}`, `{"size":0,"root":"R"}`, `{"log":"L","root":"R"}`, `{"log":"L","size":0}`, `{"log":"L","size":-1,"root":"R"}`,
		`{"log":"L","size":0,"root":"R","x":0}`, `{"log":"L","size":0,"root":"R","size":0}`, `{"log":"L","size":"0","root":"R"}`,
		`{"log":0,"size":0,"root":"R"}`, `{"log":"L","size":0,"root":"short"}`, `[]`, `{"log":"L","Size":0,"root":"R"}`,
	} {
		log, root := public(nodeName), Commitment(hash("head"))
		filled := strings.NewReplacer(`"L"`, `"`+log.String()+`"`, `"R"`, `"`+root.String()+`"`).Replace(prefix)
		r.add(reason.StatementPayload, "revoke: upto of "+prefix, kinds[KindRevoke].with(tb, "upto", "["+filled+"]").text())
	}
	bad(KindSession, "origin", `""`, `"`+strings.Repeat("o", 301)+`"`, `"`+strings.Repeat("é", 151)+`"`)
	bad(KindSession, "nonce", `""`, `"123456789012345"`, `"`+strings.Repeat("n", 101)+`"`)
	bad(KindProfile, "name", `""`, `"`+strings.Repeat("n", 401)+`"`, `"`+strings.Repeat("é", 201)+`"`,
		`"`+strings.Repeat("🏛", 101)+`"`)
	bad(KindAct, "reaction", `"`+strings.Repeat("r", 33)+`"`, "1", `["heart"]`)
	bad(KindProfile, "bio", `"`+strings.Repeat("b", MaxBio+1)+`"`, `"`+strings.Repeat("é", MaxBio/2+1)+`"`, "0", `["a"]`)
	bad(KindProfile, "links", `["javascript:alert(1)"]`, `["http://a.example"]`, `["HTTPS://a.example"]`, `["https://"]`, `[""]`,
		`["https://a.example/b c"]`, `["https://a.example/\n"]`, `["https://a.example/é"]`, `["https://a.example/\u202e"]`,
		`["https://café.example"]`, `["https://me@a.example"]`, `["https://a.example:port"]`, `["https://a\\b"]`,
		`[" https://a.example"]`, `["data:text/html,x"]`, `["https://a","https://a"]`, `["https://a","https://b","https://c","https://d","https://e"]`,
		`["https://`+strings.Repeat("d", MaxLink-7)+`"]`, `"https://a"`, `[0]`)
	bad(KindProfile, "topics", `["Music"]`, `[""]`, `["a","a"]`, `["a","b","c","d","e","f","g","h","i"]`, `["été"]`, `"a"`)
	bad(KindProfile, "langs", `["FR"]`, `[""]`, `["fr","fr"]`, `["en","fr","de","nl","it","es","pt"]`, `"fr"`)
	bad(KindProfile, "picture", `""`, `"short"`, "0", `["x"]`, `"`+strings.Repeat("A", 42)+`B"`)
	bad(KindCreate, "jti", `""`, `"123456789012345"`, `"0123456789abcde="`, `"0123456789abcde\n"`, `"0123456789 abcdef"`,
		`"`+strings.Repeat("j", 44)+`"`)
	bad(KindCreate, "lang", `""`, `"f"`, `"fren"`, `"FR"`, `"fr-fr"`, `"fr_FR"`, `"fr-FRA"`, `"fr-"`, `"fr\n"`, `"fr-FR-x"`, `"ﬁ"`)
	bad(KindCreate, "topics", `[""]`, `["Music"]`, `["a b"]`, `["été"]`, `["a\n"]`, `["a","b","a"]`, `["a","b","c","d"]`,
		`["`+strings.Repeat("z", 33)+`"]`, `["a",["b"]]`, `["ſ"]`, `["K"]`)
	for _, kind := range []Kind{KindCreate, KindAct, KindAnnounce} {
		bad(kind, "entry", `"Members"`, `"open"`, `"public "`, `"choſen"`)
	}
	bad(KindCreate, "entry", `""`)
	wrongSchedule(tb, r)
}

// bounds gives one claim of a kind's example values that it may not have.
func (r *refusals) bounds(tb testing.TB, kind Kind, claim string, values ...string) {
	tb.Helper()
	for _, v := range values {
		name := v
		if len(name) > 60 {
			name = fmt.Sprintf("%s… (%d bytes)", name[:12], len(name))
		}
		r.add(reason.StatementPayload, fmt.Sprintf("%s: %s = %s", kind, claim, name), forge(tb, kind).with(tb, claim, v).text())
	}
}

// kindsInOrder ranges over forgeries in the order of the examples.
func kindsInOrder(tb testing.TB, kinds map[Kind]forgery) func(func(Kind, forgery) bool) {
	tb.Helper()
	return func(yield func(Kind, forgery) bool) {
		for _, e := range examples() {
			if !yield(e.body.Kind(), kinds[e.body.Kind()]) {
				return
			}
		}
	}
}

// manyLogs is an upto of n logs.
func manyLogs(tb testing.TB, n int) string {
	tb.Helper()
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"log":"%s","size":0,"root":"%s"}`,
			public(fmt.Sprint("log ", i)), Commitment(hash("head"))))
	}
	return "[" + strings.Join(list, ",") + "]"
}

// doubleLog is an upto with one log twice.
func (f forgery) doubleLog(tb testing.TB) string {
	tb.Helper()
	one := fmt.Sprintf(`{"log":"%s","size":0,"root":"%s"}`, public(nodeName), Commitment(hash("head")))
	return "[" + one + "," + one + "]"
}

// wrongRedeem is about what a join carries.
func wrongRedeem(tb testing.TB, r *refusals) {
	tb.Helper()
	join, redeem := forge(tb, KindJoin), forge(tb, KindRedeem)
	with := func(why reason.Reason, name, text string) {
		r.add(why, "join with "+name, join.with(tb, "redeem", `"`+text+`"`).text())
	}
	good := redeem.text()
	with(reason.StatementPayload, "an empty redeem", "")
	with(reason.StatementSyntax, "a redeem of two parts", good[:strings.LastIndexByte(good, '.')])
	with(reason.StatementSyntax, "a redeem with a line break", good+`\n`)
	with(reason.StatementHeader, "a redeem with an extra header member", redeem.swap(`{"alg"`, `{"x":"","alg"`).text())
	with(reason.StatementKind, "a profile as its redeem", forge(tb, KindProfile).text())
	with(reason.StatementKind, "a join as its redeem", join.text())
	with(reason.StatementKind, "a join in a join as its redeem", join.with(tb, "redeem", `"`+join.text()+`"`).text())
	with(reason.StatementKind, "a redeem of an unknown kind", redeem.swap("stoa-redeem", "stoa-steward").text())
	with(reason.StatementKey, "a redeem by a key of small order", redeem.withKid(did(unhex(torsion))).text())
	with(reason.StatementKey, "a redeem for a key of small order",
		redeem.with(tb, "sub", `"`+did(unhex(torsion))+`"`).text())
	with(reason.StatementPayload, "a redeem without sub", redeem.with(tb, "sub", "").text())
	with(reason.StatementPayload, "a redeem with iat", redeem.with(tb, "iat", fmt.Sprint(iat)).text())
	with(reason.StatementSignature, "a redeem signed by another key", redeem.withKid(public(anaName).String()).text())
	with(reason.StatementSignature, "a forged redeem", flip(good, 2, 40))
	with(reason.StatementSignature, "a redeem that names another member",
		strings.Replace(good, part(redeem.payload), part(redeem.with(tb, "sub", `"`+public(anaName).String()+`"`).payload), 1))
}
