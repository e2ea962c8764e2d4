package statement

import (
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/reason"
)

// refusals collects vectors; texts come with names that say what is wrong with them.
type refusals struct{ list []invalidVector }

func (r *refusals) add(why reason.Reason, name, text string) {
	r.list = append(r.list, invalidVector{Name: name, Text: text, Reason: why})
}

// invalidVectors are texts that every implementation must refuse, each for its reason.
func invalidVectors(tb testing.TB) []invalidVector {
	tb.Helper()
	r := new(refusals)
	wrongText(tb, r)
	wrongHeader(tb, r)
	wrongKey(tb, r)
	wrongJSON(tb, r)
	wrongClaims(tb, r)
	wrongBounds(tb, r)
	wrongBetween(tb, r)
	wrongRedeem(tb, r)
	wrongSignature(tb, r)
	wrongKindOrAudience(tb, r)
	wrongTwice(tb, r)
	return r.list
}

// wrongText is about the compact serialization itself.
func wrongText(tb testing.TB, r *refusals) {
	tb.Helper()
	f := forge(tb, KindDelegate)
	good := f.text()
	h, p, s := cut(good)
	syntax := func(name, text string) { r.add(reason.StatementSyntax, name, text) }
	syntax("empty text", "")
	syntax("dots only", "..")
	syntax("one part", h)
	syntax("two parts", h+"."+p)
	syntax("four parts", good+"."+s)
	syntax("five parts, like a JWE", h+"."+p+"."+s+"."+p+"."+s)
	syntax("empty header", "."+p+"."+s)
	syntax("empty payload, like a detached one", h+".."+s)
	syntax("empty signature", h+"."+p+".")
	syntax("dot before", "."+good)
	syntax("line break after", good+"\n")
	syntax("line break before", "\n"+good)
	syntax("line break in the header", h[:10]+"\n"+good[10:])
	syntax("line break in the payload", h+"."+p[:20]+"\r\n"+p[20:]+"."+s)
	syntax("line break in the signature", good[:len(good)-10]+"\n"+good[len(good)-10:])
	syntax("space after", good+" ")
	syntax("tab in the payload", h+"."+p[:20]+"\t"+p[20:]+"."+s)
	syntax("no-break space after", good+"\u00a0")
	syntax("byte order mark before", "\ufeff"+good)
	syntax("NUL after", good+"\x00")
	syntax("padded signature", good+"==")
	syntax("padded header", h+"="+good[len(h):])
	syntax("letters of plain base64", strings.NewReplacer("-", "+", "_", "/").Replace(withSpecials(f)))
	syntax("letter outside ASCII", "\u212a"+good[1:]) // a Kelvin sign, which folds to k
	syntax("full-width dots", strings.ReplaceAll(good, ".", "\uff0e"))
	syntax("JSON serialization", `{"payload":"`+p+`","protected":"`+h+`","signature":"`+s+`"}`)
	syntax("percent-encoded dots", strings.ReplaceAll(good, ".", "%2E"))
	for _, part := range []string{"header", "payload", "signature"} {
		loose, odd := looseBits(tb, f, part)
		syntax("loose trailing bits in the "+part, loose)
		syntax("a "+part+" of a length that base64 cannot have", odd)
	}
	syntax("4096 bytes that are no statement", strings.Repeat("é", MaxSize/2))
	size := func(name, text string) { r.add(reason.StatementSize, name, text) }
	size("4097 bytes, signed", sized(f, MaxSize+1))
	size("5 KiB, signed", sized(f, 5*1024))
	size("4098 bytes in 2049 characters", strings.Repeat("é", MaxSize/2+1))
	size("5 KiB of line breaks after", good+strings.Repeat("\n", 5*1024))
	size("1 MiB of dots", strings.Repeat(".", 1<<16))
}

func cut(text string) (header, payload, signature string) {
	parts := strings.Split(text, ".")
	return parts[0], parts[1], parts[2]
}

// withSpecials is a text that plain base64 would write in another way.
func withSpecials(f forgery) string {
	for !strings.ContainsAny(f.text(), "-_") {
		f.payload += " "
	}
	return f.text()
}

// looseBits changes bits that base64 decoders drop, in a part that has some, and adds a letter that means nothing.
func looseBits(tb testing.TB, f forgery, which string) (loose, odd string) {
	tb.Helper()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	index := map[string]int{"header": 0, "payload": 1, "signature": 2}[which]
	for range 3 {
		parts := strings.Split(f.text(), ".")
		last := len(parts[index]) - 1
		if last%4 != 3 { // the last letter carries loose bits
			at := strings.IndexByte(alphabet, parts[index][last])
			whole := parts[index]
			parts[index] = whole[:last] + alphabet[at+1:at+2]
			loose = strings.Join(parts, ".")
			parts[index] = whole + strings.Repeat("A", (5-len(whole)%4)%4)
			return loose, strings.Join(parts, ".")
		}
		f.header, f.payload = f.header+" ", f.payload+" "
	}
	tb.Fatalf("no loose bits in the %s", which)
	return "", ""
}

// wrongKindOrAudience is about texts that are right, but not for the one who asks.
func wrongKindOrAudience(tb testing.TB, r *refusals) {
	tb.Helper()
	for _, e := range examples() {
		s := mustSign(tb, e.body, e.signer)
		other := KindDelegate
		if s.Kind() == other {
			other = KindRules
		}
		r.list = append(r.list,
			invalidVector{
				Name: "a " + string(s.Kind()) + " where a " + string(other) + " is wanted", Text: s.Text(),
				Kind: other, Reason: reason.StatementKind,
			},
			invalidVector{
				Name: "a " + string(s.Kind()) + " for another audience", Text: s.Text(),
				Audience: public(oneTimeName).String(), Reason: reason.StatementAudience,
			})
	}
}

// wrongTwice holds the order in which faults are looked for.
func wrongTwice(tb testing.TB, r *refusals) {
	tb.Helper()
	f := forge(tb, KindDelegate)
	weak := did(unhex(torsion))
	r.add(reason.StatementHeader, "wrong alg before unknown kind",
		f.swap(`"EdDSA"`, `"none"`).swap("stoa-delegate", "stoa-steward").text())
	r.add(reason.StatementKind, "unknown kind before weak kid",
		f.swap("stoa-delegate", "stoa-steward").withKid(weak).text())
	r.add(reason.StatementHeader, "extra header member before weak kid",
		f.withKid(weak).swap(`"alg"`, `"x":"","alg"`).text())
	r.add(reason.StatementKey, "weak kid before bad payload", f.withKid(weak).withPayload("{").text())
	r.add(reason.StatementPayload, "duplicate claim before weak key in the payload",
		f.with(tb, "sub", `"`+weak+`"`).swap(`{"aud"`, `{"order":1,"aud"`).text())
	r.add(reason.StatementPayload, "missing claim before weak key in the payload",
		f.with(tb, "sub", `"`+weak+`"`).with(tb, "order", "").text())
	r.add(reason.StatementPayload, "unknown claim before weak key in the payload",
		f.with(tb, "sub", `"`+weak+`"`).with(tb, "zz", "1").text())
	r.add(reason.StatementPayload, "wrong type after a weak key in the payload",
		f.with(tb, "aud", `"`+weak+`"`).with(tb, "order", `"1"`).text())
	r.add(reason.StatementKey, "weak key in the payload before a claim out of bounds",
		f.with(tb, "sub", `"`+weak+`"`).with(tb, "order", "0").text())
	r.add(reason.StatementPayload, "claim out of bounds before bad signature", flip(f.with(tb, "order", "0").text(), 2, 5))
	r.add(reason.StatementKey, "weak key in the payload before bad signature",
		flip(f.with(tb, "sub", `"`+weak+`"`).text(), 2, 5))
	j := forge(tb, KindJoin)
	r.add(reason.StatementPayload, "claim of a join out of bounds before its redeem",
		j.with(tb, "iat", "1").with(tb, "redeem", `"x"`).text())
	r.add(reason.StatementSyntax, "redeem of a join before its signature", flip(j.with(tb, "redeem", `"x"`).text(), 2, 5))
}
