package statement

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stoa-rooms/stoa/reason"
)

// mutationVector is a row of mutations.json: an ordinary statement changed at random, and the verdict of [Parse]. An
// empty reason means that it is accepted, with this id.
type mutationVector struct {
	Name   string        `json:"name"`
	Text   string        `json:"text"`
	ID     *ID           `json:"id,omitempty"`
	Reason reason.Reason `json:"reason,omitempty"`
}

// mutations is how many rows mutations.json has.
const mutations = 500

// TestMutationVectors writes and reads what the TypeScript tests hold their own verdict against: examples that nobody
// chose. STOA_MUTATIONS=file,seed,n writes another n of them for a longer comparison.
func TestMutationVectors(t *testing.T) {
	if ask := os.Getenv("STOA_MUTATIONS"); ask != "" {
		writeMutations(t, ask)
	}
	accepted := 0
	for _, v := range golden(t, "mutations.json", mutationVectors(t, 1, mutations)) {
		s, err := Parse(v.Text)
		if got := reason.Of(err); got != v.Reason {
			t.Errorf("%s: %q, recorded %q", v.Name, got, v.Reason)
		}
		if err == nil {
			accepted++
			if v.ID == nil || s.ID() != *v.ID {
				t.Errorf("%s: accepted as %s, recorded %v", v.Name, s.ID(), v.ID)
			}
		}
	}
	if accepted < mutations/10 || accepted > mutations/2 {
		t.Errorf("%d of %d mutations are accepted: they say little", accepted, mutations)
	}
}

func writeMutations(t *testing.T, ask string) {
	t.Helper()
	fields := strings.Split(ask, ",")
	if len(fields) != 3 {
		t.Fatal("STOA_MUTATIONS is file,seed,n")
	}
	seed, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(fields[2])
	if err != nil {
		t.Fatal(err)
	}
	raw, err := jsonOf(mutationVectors(t, seed, n))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(fields[0], raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

// mutationVectors changes examples with a seeded generator, and asks Parse.
func mutationVectors(tb testing.TB, seed uint64, n int) []mutationVector {
	tb.Helper()
	var kinds []Kind
	for _, e := range examples() {
		kinds = append(kinds, e.body.Kind())
	}
	m := mutator{Rand: rand.New(rand.NewPCG(seed, 0))} // the same each time
	for i := range 9 {
		m.keys = append(m.keys, public(strconv.Itoa(i)).String())
		m.mixed = append(m.mixed, mixedKey(strconv.Itoa(i)))
	}
	var list []mutationVector
	for i := range n {
		kind := kinds[i%len(kinds)]
		how, text := m.mutate(tb, forge(tb, kind))
		if strings.ToValidUTF8(text, "") != text {
			continue // JSON cannot hold it
		}
		v := mutationVector{Name: fmt.Sprintf("%d: %s of a %s", i, how, kind), Text: text}
		s, err := Parse(text)
		if err != nil {
			v.Reason = reason.Of(err)
		} else {
			id := s.ID()
			v.ID = &id
		}
		list = append(list, v)
	}
	return list
}

type mutator struct {
	*rand.Rand

	keys  []string // good did:keys
	mixed []string // did:keys of neither small nor prime order
}

// mutate makes one change or a few. What it changes before signing is signed.
func (m mutator) mutate(tb testing.TB, f forgery) (how, text string) {
	tb.Helper()
	switch m.IntN(10) {
	case 0:
		return "letters", m.letters(f.text())
	case 1:
		parts := strings.Split(f.text(), ".")
		at := m.IntN(3)
		return "part " + strconv.Itoa(at+1), flip(f.text(), at, m.IntN(len(parts[at])*3/4-1))
	case 2, 3:
		return "header", f.withHeader(m.bytes(f.header)).text()
	case 4, 5:
		return "payload", f.withPayload(m.bytes(f.payload)).text()
	case 6:
		list := members(tb, f.payload)
		m.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		return "order", f.withPayload(m.space(object(list))).text()
	default:
		list := members(tb, f.payload)
		at := m.IntN(len(list))
		list[at].value = jsontext.Value(m.value(list[at].name, string(list[at].value)))
		return "claim " + list[at].name, f.withPayload(object(list)).text()
	}
}

// letters changes the text itself.
func (m mutator) letters(text string) string {
	const alphabet = "ABCXYZabcxyz0189-_=+/. \n\r\té"
	letter := []rune(alphabet)[m.IntN(len([]rune(alphabet)))]
	at := m.IntN(len(text))
	switch m.IntN(4) {
	case 0:
		return text[:at] + string(letter) + text[at+1:]
	case 1:
		return text[:at] + string(letter) + text[at:]
	case 2:
		return text[:at] + text[at+1:]
	default:
		return text[:len(text)-1] + string(letter)
	}
}

// bytes changes JSON as bytes.
func (m mutator) bytes(raw string) string {
	tokens := []string{
		" ", "\n", "\t", "\r", "{", "}", "[", "]", ",", ":", `"`, `\`, "0", "1", "-", ".", "e", "null", "true", `""`, "{}",
		`\u0061`, `\ud800`, `\ud83c\udfdb`, `"x":0,`, `"aud":"",`, "\x00", "\xff", "\xc3\xa9", "\ufeff", "\uffff", "/**/",
	}
	token := tokens[m.IntN(len(tokens))]
	at := m.IntN(len(raw) + 1)
	switch m.IntN(6) {
	case 0:
		return raw[:at] + token + raw[at:]
	case 1:
		return m.space(raw)
	case 2:
		end := at + m.IntN(len(raw)-at+1)
		return raw[:at] + raw[end:]
	case 3:
		end := at + m.IntN(len(raw)-at+1)
		return raw[:end] + raw[at:end] + raw[end:]
	case 4:
		return m.escape(raw)
	default:
		at = min(at, len(raw)-1)
		return raw[:at] + string(raw[at]^(1<<m.IntN(8))) + raw[at+1:] // the byte as a code point: two bytes from 0x80 on
	}
}

// space puts white space where JSON ignores it, and sometimes where it does not.
func (m mutator) space(raw string) string {
	at := []int{}
	for i, c := range []byte(raw) {
		if strings.IndexByte("{}[],:", c) >= 0 {
			at = append(at, i)
		}
	}
	i := at[m.IntN(len(at))] + m.IntN(2)
	return raw[:i] + []string{" ", "\n", "\t", "\r", "  \r\n", "\f", "\u00a0", "\u2028"}[m.IntN(8)*m.IntN(2)] + raw[i:]
}

// escape writes one letter as an escape.
func (m mutator) escape(raw string) string {
	at := m.IntN(len(raw))
	if m.IntN(2) == 0 {
		return raw[:at] + fmt.Sprintf(`\u%04x`, raw[at]) + raw[at+1:]
	}
	return raw[:at] + fmt.Sprintf(`\u%04X`, raw[at]) + raw[at+1:]
}

// value is another value for a claim.
func (m mutator) value(claim, old string) string {
	switch m.IntN(4) {
	case 0:
		return m.number()
	case 1:
		return m.text()
	case 2:
		if text, ok := strings.CutPrefix(old, `"`); ok && len(text) > 1 {
			at := m.IntN(len(text) - 1)
			return `"` + text[:at] + string("Aaz019-_ .\x7f"[m.IntN(11)]) + text[at+m.IntN(2):]
		}
		switch claim {
		case "upto", "topics":
			return []string{"[]", "[" + old + "]", `["a"]`, `["a","b"]`, `["a","a"]`, `[{}]`, `{}`, `["-","0"]`}[m.IntN(8)]
		case "nodes":
			return m.list(old, manyNodes(m.IntN(8)), m.keys[m.IntN(9)])
		case "lost":
			return m.list(old, manyIDs(m.IntN(8)), ID(hash(strconv.Itoa(m.IntN(100)))).String())
		}
		return old + strconv.Itoa(m.IntN(10))
	default:
		return []string{"null", "true", "false", "[]", "{}", "[" + old + "]", `{"x":` + old + "}", " " + old + "\n"}[m.IntN(8)]
	}
}

// list is another list in the place of old, or old with an item put in front of it.
func (m mutator) list(old, other, item string) string {
	switch m.IntN(3) {
	case 0:
		return other
	case 1:
		return `["` + item + `",` + old[1:]
	default:
		return `["` + item + `","` + item + `"]`
	}
}

func (m mutator) number() string {
	return []string{
		"0", "-0", "1", "-1", "1.0", "1e3", "01", "59", "60", "999", "1000", "1001", "3599", "3600", "1577836799", "1577836800",
		"1800000000", "1800000001", "253402300799", "253402300800", "9007199254740991", "9007199254740992",
		"-9007199254740991", "9223372036854775808", "1000000", "1000001", strconv.Itoa(m.IntN(2_000)), strconv.FormatInt(m.Int64N(1<<40), 10),
	}[m.IntN(28)]
}

func (m mutator) text() string {
	weak := weakKeys()[m.IntN(len(weakKeys()))].raw
	id := ID(hash(strconv.Itoa(m.IntN(100))))
	return `"` + []string{
		"live", "ended", "mute_self", "", " ", "a", "fr", "fr-FR", "fr-fr", "invite", "open", "ask", "members", "admission", "hosting", `\u0000`, `\ud800`,
		`\ud83c\udfdb`, `\uffff`, "\xff", "é", "🏛️", strings.Repeat("x", m.IntN(450)), strings.Repeat("é", m.IntN(230)),
		m.keys[m.IntN(9)], did(unhex(weak)), did([]byte(strings.Repeat("\x03", 32))),
		id.String(), id.String()[1:], id.String() + "=", `\u0061dmission`, "https://stoa.example", "bm9uY2UgMTIzNDU2Nzg",
		m.mixed[m.IntN(9)], "did:key:z" + strconv.Itoa(m.IntN(1_000_000)),
	}[m.IntN(35)] + `"`
}
