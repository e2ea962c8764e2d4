package statement

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/stoa-rooms/stoa/identity"
)

// maxDepth is how deep objects and arrays may nest: one more than the deepest body has.
const maxDepth = 4

// integerPattern is the one way to write a number: no fraction, no exponent, no minus zero.
var integerPattern = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)

// decode reads raw as one I-JSON object (RFC 7493) into the struct that to points at. Names are case-sensitive, every
// member must be known, and every field must be there unless it is omitzero. The errors come in a fixed order, so that
// every implementation gives the same reason: what is no I-JSON; then members of the wrong type, unknown or missing;
// last strings that stand for a key and are none, as an [identity.ErrKey].
func (p *Parser) decode(raw []byte, to any) error {
	names, err := checkIJSON(raw)
	if err != nil {
		return err
	}
	if p.claims == nil {
		p.claims = json.UnmarshalFromFunc(p.readKey)
	}
	p.badKey = nil
	if err := json.Unmarshal(raw, to, json.RejectUnknownMembers(true), json.WithUnmarshalers(p.claims)); err != nil {
		return err
	}
	m, of := &inside{raw: raw, names: names}, reflect.ValueOf(to).Elem()
	if err := completeMembers(m, of.Type()); err != nil {
		return err
	}
	if err := checkOptional(m, of); err != nil {
		return err
	}
	return p.badKey
}

// readKey reads a claim that is a key. One that is none is kept for the end of decode.
func (p *Parser) readKey(d *jsontext.Decoder, to *identity.PublicKey) error {
	token, err := d.ReadToken()
	if err != nil {
		return err
	}
	if token.Kind() != jsontext.KindString {
		return errors.New("a key is a string")
	}
	if *to, err = p.key(token.String()); err != nil {
		p.badKey = err
	}
	return nil
}

// checkIJSON accepts the bytes of one I-JSON object, without null, which no statement has a use for, and gives the names
// of its members.
func checkIJSON(raw []byte) (names []string, err error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(raw)) // refuses duplicate names, bad UTF-8 and lone surrogates
	if d.PeekKind() != jsontext.KindBeginObject {
		return nil, errors.New("not a JSON object")
	}
	for first := true; first || d.StackDepth() > 0; first = false {
		token, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		if d.StackDepth() > maxDepth {
			return nil, errors.New("nested too deep")
		}
		if err := checkToken(token); err != nil {
			return nil, err
		}
		if _, n := d.StackIndex(d.StackDepth()); d.StackDepth() == 1 && n%2 == 1 { // names and values are counted alike
			names = append(names, token.String())
		}
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something after the JSON object")
	}
	return names, nil
}

func checkToken(token jsontext.Token) error {
	switch token.Kind() {
	case jsontext.KindNull:
		return errors.New("null")
	case jsontext.KindNumber:
		n, err := strconv.ParseInt(token.String(), 10, 64)
		if err != nil || !integerPattern.MatchString(token.String()) || n > MaxInt || n < -MaxInt {
			return errors.New("a number that is not an integer within 2^53-1")
		}
	case jsontext.KindString:
		if strings.ContainsFunc(token.String(), isNoncharacter) {
			return errors.New("a Unicode noncharacter")
		}
	default: // brackets, and booleans, which the claims' types refuse
	}
	return nil
}

// isNoncharacter reports the code points that Unicode sets aside for ever and RFC 7493, section 2.1, forbids.
func isNoncharacter(r rune) bool {
	return r >= 0xfdd0 && r <= 0xfdef || r&0xfffe == 0xfffe
}

// inside is what one object has: the names of its members, and their values once somebody has to look at them.
type inside struct {
	raw    jsontext.Value
	names  []string
	values map[string]jsontext.Value // nil until open
}

func (m *inside) open() error {
	if m.values != nil {
		return nil
	}
	return json.Unmarshal(m.raw, &m.values)
}

func (m *inside) has(name string) bool {
	if m.values == nil {
		return slices.Contains(m.names, name)
	}
	_, ok := m.values[name]
	return ok
}

// complete finds fields of t that raw does not mention: an absent member is not a zero.
func complete(raw jsontext.Value, t reflect.Type) error {
	switch {
	case t.Kind() == reflect.Pointer:
		return complete(raw, t.Elem())
	case t.Kind() == reflect.Struct:
		return completeStruct(raw, t)
	case composite(t):
		var items []jsontext.Value
		if err := json.Unmarshal(raw, &items); err != nil {
			return err
		}
		for _, item := range items {
			if err := completeStruct(item, t.Elem()); err != nil {
				return err
			}
		}
	}
	return nil
}

// composite reports whether there are fields inside of a type.
func composite(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer:
		return composite(t.Elem())
	case reflect.Slice:
		return t.Elem().Kind() == reflect.Struct
	default:
		return t.Kind() == reflect.Struct
	}
}

func completeStruct(raw jsontext.Value, t reflect.Type) error {
	m := &inside{raw: raw}
	if err := m.open(); err != nil {
		return err
	}
	return completeMembers(m, t)
}

func completeMembers(m *inside, t reflect.Type) error {
	for field := range t.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case !m.has(name):
			if name != "" && options != "omitzero" {
				return fmt.Errorf("member %s is missing", name)
			}
		case composite(field.Type):
			if err := m.open(); err != nil {
				return err
			}
			if err := complete(m.values[name], field.Type); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkOptional finds optional members that are there and say nothing: one meaning has one text. A list may be empty.
func checkOptional(m *inside, of reflect.Value) error {
	for field, value := range of.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if options != "omitzero" || !m.has(name) {
			continue
		}
		if value = reflect.Indirect(value); value.Kind() == reflect.Struct {
			if err := m.open(); err != nil {
				return err
			}
			inner := &inside{raw: m.values[name]}
			if err := inner.open(); err != nil {
				return err
			}
			if err := checkOptional(inner, value); err != nil {
				return err
			}
		} else if value.IsZero() {
			return fmt.Errorf("member %s is there, and empty", name)
		}
	}
	return nil
}
