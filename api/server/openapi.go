package server

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// apiVersion is the version of the interface, not of the node.
const apiVersion = "1.0.0"

// The names of the security schemes.
const (
	bearer   = "bearer"
	appToken = "app"
)

const schemas = "#/components/schemas/"

// Media types that are sent and asked for.
const (
	mediaTypeJSON    = "application/json"
	mediaTypeSDP     = "application/sdp"
	mediaTypeProblem = "application/problem+json"
)

// event is one of the messages on the WebSocket.
type event struct {
	name   api.EventType
	sample api.Event
}

// events are all of them, in the document's order.
func events() []event {
	return []event{
		{api.EventSnapshot, api.Snapshot{}},
		{api.EventHandRaised, api.HandRaised{}},
		{api.EventHandLowered, api.HandLowered{}},
		{api.EventOffered, api.StageOffered{}},
		{api.EventOfferEnded, api.OfferEnded{}},
		{api.EventStageJoined, api.StageJoined{}},
		{api.EventStageLeft, api.StageLeft{}},
		{api.EventMuted, api.Muted{}},
		{api.EventUnmuted, api.Unmuted{}},
		{api.EventRoleChanged, api.RoleChanged{}},
		{api.EventConnection, api.Connection{}},
		{api.EventRemoved, api.Removed{}},
		{api.EventPardoned, api.RemovalEnded{}},
		{api.EventUnmuteAsked, api.UnmuteAsked{}},
		{api.EventSettings, api.SettingsChanged{}},
		{api.EventAudience, api.AudienceChanged{}},
		{api.EventEntryChange, api.EntryChanged{}},
		{api.EventChosen, api.ChosenChanged{}},
		{api.EventEnded, api.Ended{}},
		{api.EventHallway, api.Hallway{}},
		{api.EventRefused, api.Refused{}},
		{api.EventEntry, api.Entry{}},
		{api.EventHost, api.HostChanged{}},
		{api.EventPerson, api.PersonChanged{}},
		{api.EventReactions, api.Reactions{}},
		{api.EventMine, api.Mine{}},
		{api.EventApps, api.AppsChanged{}},
		{api.EventNotice, api.Noticed{}},
	}
}

// newAPI is huma with nothing it adds by itself: no $schema members, no extra pages, no document of its own.
func newAPI(mux *http.ServeMux, render huma.Transformer) huma.API {
	registry := huma.NewMapRegistry(schemas, huma.DefaultSchemaNamer)
	registry.RegisterTypeAlias(reflect.TypeFor[identity.PublicKey](), reflect.TypeFor[keyText]())
	registry.RegisterTypeAlias(reflect.TypeFor[statement.ID](), reflect.TypeFor[digestText]())
	registry.RegisterTypeAlias(reflect.TypeFor[statement.Commitment](), reflect.TypeFor[digestText]())
	registry.RegisterTypeAlias(reflect.TypeFor[statement.Salt](), reflect.TypeFor[saltText]())
	registry.RegisterTypeAlias(reflect.TypeFor[statement.Entry](), reflect.TypeFor[entryText]())
	registry.RegisterTypeAlias(reflect.TypeFor[huma.ErrorModel](), reflect.TypeFor[api.Problem]())

	format := huma.Format{Marshal: marshal, Unmarshal: unmarshal}
	return humago.NewWithPrefix(mux, api.Base, huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:       "Stoa node",
				Description: "Audio rooms of a community. Statements, events and media are described in docs/protocol.md.",
				Version:     apiVersion,
				License:     &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			},
			Servers: []*huma.Server{{URL: api.Base}},
			Components: &huma.Components{
				Schemas: registry,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					bearer:   {Type: "http", Scheme: "bearer", Description: "The token of an open session."},
					appToken: {Type: "http", Scheme: "bearer", Description: "The token of an app."},
				},
			},
		},
		Formats:       map[string]huma.Format{mediaTypeJSON: format, "json": format},
		DefaultFormat: mediaTypeJSON,
		Transformers:  []huma.Transformer{render},
	})
}

// marshal writes lists that are nil as [], as the document promises. Text that is no UTF-8 ought not to have come this
// far; it is made readable, so that one bad name does not take everybody's answer away.
func marshal(w io.Writer, v any) error {
	return jsonv2.MarshalWrite(w, v, jsontext.AllowInvalidUTF8(true))
}

// unmarshal is strict: no unknown or duplicate names, no bad UTF-8, names in their exact case.
func unmarshal(data []byte, v any) error {
	return jsonv2.Unmarshal(data, v, jsonv2.RejectUnknownMembers(true))
}

// describe completes the document with what travels on the WebSocket, and renders it.
func describe(a huma.API) ([]byte, error) {
	doc := a.OpenAPI()
	registry := doc.Components.Schemas
	registry.Schema(reflect.TypeFor[api.Hello](), true, "")
	registry.Schema(reflect.TypeFor[api.EnterMessage](), true, "")
	all := &huma.Schema{
		Description:   "One message from the node.",
		Discriminator: &huma.Discriminator{PropertyName: "type", Mapping: map[string]string{}},
	}
	for _, e := range events() {
		ref := registry.Schema(reflect.TypeOf(e.sample), true, "")
		registry.SchemaFromRef(ref.Ref).Properties["type"] = &huma.Schema{Type: huma.TypeString, Enum: []any{string(e.name)}}
		all.OneOf = append(all.OneOf, ref)
		all.Discriminator.Mapping[string(e.name)] = ref.Ref
	}
	registry.Map()["Event"] = all
	doc.AddOperation(eventsOperation(a))
	describeApps(a)
	openAnswers(doc)
	out, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("server: OpenAPI document: %w", err)
	}
	return append(out, '\n'), nil
}

// eventsOperation describes the WebSocket, which OpenAPI has no words for.
func eventsOperation(a huma.API) *huma.Operation {
	return &huma.Operation{
		Method: http.MethodGet, Path: api.PathEvents, OperationID: "events",
		Summary: "The WebSocket (RFC 6455)",
		Description: "The client sends one text message, a Hello, within five seconds; after it only an EnterMessage for each " +
			"Entry. The node sends text messages, each an Event; the last before it closes may be a Refused.",
		Responses: map[string]*huma.Response{
			"101":     {Description: "Hello goes in, Events come out."},
			"default": problemResponse(a),
		},
	}
}

// problemResponse is how every operation refuses.
func problemResponse(a huma.API) *huma.Response {
	schema := a.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[api.Problem](), true, "")
	return &huma.Response{
		Description: "A refusal (RFC 9457)",
		Content:     map[string]*huma.MediaType{mediaTypeProblem: {Schema: schema}},
	}
}

// openAnswers lets answers and events grow: only what a client sends must have no other members than described.
func openAnswers(doc *huma.OpenAPI) {
	registry := doc.Components.Schemas
	sent := map[*huma.Schema]bool{}
	var mark func(*huma.Schema)
	mark = func(s *huma.Schema) {
		if s == nil {
			return
		}
		if s.Ref != "" {
			s = registry.SchemaFromRef(s.Ref)
		}
		if sent[s] {
			return
		}
		sent[s] = true
		mark(s.Items)
		for _, p := range s.Properties {
			mark(p)
		}
	}
	mark(registry.SchemaFromRef(schemas + "Hello"))
	mark(registry.SchemaFromRef(schemas + "EnterMessage"))
	for _, item := range doc.Paths {
		if item.Post == nil || item.Post.RequestBody == nil {
			continue
		}
		for _, content := range item.Post.RequestBody.Content {
			mark(content.Schema)
		}
	}
	for _, s := range registry.Map() {
		if !sent[s] {
			s.AdditionalProperties = nil
		}
	}
}

// What the document shows of types from packages that know nothing of it.
type (
	keyText    struct{}
	digestText struct{}
	saltText   struct{}
	entryText  struct{}
)

// Schema implements huma.SchemaProvider.
func (keyText) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Description: "A did:key of an Ed25519 key.", Pattern: "^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$"}
}

// Schema implements huma.SchemaProvider.
func (digestText) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Description: "32 bytes in base64url.", Pattern: "^[A-Za-z0-9_-]{43}$"}
}

// Schema implements huma.SchemaProvider.
func (saltText) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Description: "16 bytes in base64url.", Pattern: "^[A-Za-z0-9_-]{22}$"}
}

// Schema implements huma.SchemaProvider.
func (entryText) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Description: "How one becomes a member.",
		Enum: []any{string(statement.EntryInvite), string(statement.EntryAsk), string(statement.EntryOpen)},
	}
}
