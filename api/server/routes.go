package server

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// body is a request or an answer that is one JSON document.
type body[T any] struct{ Body T }

// none is a request or an answer without a body.
type none struct{}

// Ids in paths are read by the handlers, not by the router: one that is malformed names nothing, which is what its
// sender needs to hear.
type (
	roomPath struct {
		ID string `path:"id" doc:"The room's id."`
	}
	roomAction struct {
		ID   string `path:"id" doc:"The room's id."`
		Body api.Action
	}
	audiencePage struct {
		ID     string `path:"id" doc:"The room's id."`
		Offset int    `query:"offset" minimum:"0" maximum:"1000000" default:"0"`
		Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
		Query  string `query:"q" doc:"A part of the name, whatever its accents and capitals; the count is then of those found."`
	}
	mediaOffer struct {
		ID      string `path:"id" doc:"The room's id."`
		SRTP    string `query:"srtp" enum:"gcm" doc:"gcm asks for AEAD_AES_128_GCM alone. Browsers choose it only when nothing else is offered; some other clients do not know it."`
		RawBody []byte `contentType:"application/sdp"`
	}
	mediaAnswer struct {
		ContentType string `header:"Content-Type" hidden:"true"`
		Location    string `header:"Location" doc:"The media connection. DELETE ends it."`
		Body        []byte
	}
	legPath struct {
		ID  string `path:"id" doc:"The room's id."`
		Leg string `path:"leg" doc:"The media connection, as Location named it." maxLength:"100"`
	}
	invitePath struct {
		ID string `path:"id" doc:"The invite's id."`
	}
	inviteRevoke struct {
		ID   string `path:"id" doc:"The invite's id."`
		Body api.RevokeInvite
	}
)

// Traits of an operation that the guard reads from its metadata.
const (
	traitCostly = "costly" // counts against the address's costly requests
	traitActs   = "acts"   // counts against the session's actions
	traitGuests = "guests" // is for guests, too, in their room
	traitLong   = "long"   // may take minutes to answer
)

// routes declares every operation.
func (s *Server) routes(a huma.API) {
	add(a, get(api.PathNode, "getNode", "What is behind this address"), s.getNode)
	add(a, costly(post(api.PathFound, "found", "Found the community", http.StatusCreated)), s.found)
	add(a, costly(post(api.PathChallenge, "createChallenge", "Ask for a challenge to sign", http.StatusCreated)), s.createChallenge)
	add(a, costly(post(api.PathSessions, "openSession", "Answer a challenge and open a session", http.StatusCreated)), s.openSession)
	add(a, guests(remove(api.PathSessions, "closeSession", "End this session")), s.closeSession)
	add(a, member(get(api.PathMe, "getMe", "What the node holds on the member of the session")), s.getMe)
	add(a, member(long(costly(archive(get(api.PathExport, "export", "Everything that the node holds on the member, as an archive"))))), s.export)
	add(a, member(long(acts(post(api.PathErase, "erase", "Leave for good, and be forgotten", http.StatusNoContent)))), s.erase)
	s.sessionRoutes(a)
	add(a, costly(post(api.PathJoin, "join", "Redeem an invite", http.StatusCreated)), s.join)
	add(a, member(acts(post(api.PathNodes, "addNode", "Make another node one of the community's", http.StatusNoContent))), s.addNode)
	s.nodeRoutes(a)
	add(a, costly(post(api.PathAdopt, "adopt", "Become one more node of a community", http.StatusCreated)), s.adopt)

	s.entryRoutes(a)

	add(a, member(get(api.PathInvites, "getInvites", "The member's invites and free slots")), s.getInvites)
	add(a, member(acts(post(api.PathInvites, "createInvite", "Spend a slot on an invite", http.StatusCreated))), s.createInvite)
	add(a, get(api.PathInvite, "previewInvite", "What an invite leads to"), s.previewInvite)
	add(a, member(acts(post(api.PathRevoke, "revokeInvite", "Take a pending invite back", http.StatusOK))), s.revokeInvite)

	s.scheduleRoutes(a)
	add(a, member(get(api.PathRooms, "listRooms", "The live rooms")), s.listRooms)
	add(a, member(acts(post(api.PathRooms, "createRoom", "Open a room", http.StatusCreated))), s.createRoom)
	add(a, guests(get(api.PathRoom, "getRoom", "One live room")), s.getRoom)
	add(a, get(api.PathDoor, "getDoor", "A public room, for somebody who is no member"), s.getDoor)
	add(a, costly(post(api.PathGuests, "openGuest", "Answer a challenge and listen in a public room", http.StatusCreated)), s.openGuest)
	add(a, member(get(api.PathChosen, "getChosen", "Whom the moderators of a room chose")), s.getChosen)
	add(a, member(get(api.PathAudience, "getAudience", "A page of the people who listen")), s.getAudience)
	add(a, member(acts(get(api.PathRoomLog, "getRoomLog", "What moderators did in a room"))), s.getRoomLog)
	add(a, guests(acts(post(api.PathActions, "act", "Do something in a room", http.StatusNoContent))), s.act)
	add(a, guests(costly(sdp(post(api.PathMedia, "offerMedia", "Offer a media connection", http.StatusCreated)))), s.offerMedia)
	add(a, guests(remove(api.PathLeg, "closeMedia", "End a media connection")), s.closeMedia)
	s.peopleRoutes(a)
	s.noticeRoutes(a)

	add(a, member(get(api.PathApps, "listApps", "The member's other programs in a room")), s.listApps)
	add(a, member(acts(post(api.PathApps, "createApp", "Make a token for another program", http.StatusCreated))), s.createApp)
	add(a, member(remove(api.PathApp, "revokeApp", "End a token, and what is connected by it")), s.revokeApp)

	s.operatorRoutes(a)
}

// add registers an operation. Whatever its handler refuses becomes a problem document.
func add[I, O any](a huma.API, op huma.Operation, do func(context.Context, *I) (*O, error)) {
	op.Responses["default"] = problemResponse(a)
	huma.Register(a, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := do(ctx, in)
		if err != nil {
			return nil, &refusal{err}
		}
		return out, nil
	})
}

func operation(method, path, id, summary string, status int) huma.Operation {
	return huma.Operation{
		Method: method, Path: path, OperationID: id, Summary: summary, DefaultStatus: status,
		Responses: map[string]*huma.Response{},
		Metadata:  map[string]any{},
		// One more than may be sent: huma refuses a body that reaches its limit.
		MaxBodyBytes:    maxBody + 1,
		BodyReadTimeout: bodyWithin,
	}
}

func get(path, id, summary string) huma.Operation {
	return operation(http.MethodGet, path, id, summary, http.StatusOK)
}

func post(path, id, summary string, status int) huma.Operation {
	return operation(http.MethodPost, path, id, summary, status)
}

func remove(path, id, summary string) huma.Operation {
	return operation(http.MethodDelete, path, id, summary, http.StatusNoContent)
}

func member(op huma.Operation) huma.Operation {
	op.Security = []map[string][]string{{bearer: {}}}
	return op
}

// guests is for members, and for guests in the room where they listen.
func guests(op huma.Operation) huma.Operation {
	op.Metadata[traitGuests] = true
	return member(op)
}

func costly(op huma.Operation) huma.Operation {
	op.Metadata[traitCostly] = true
	return op
}

// long takes the limit of answers away from an operation.
func long(op huma.Operation) huma.Operation {
	op.Metadata[traitLong] = true
	return op
}

func acts(op huma.Operation) huma.Operation {
	op.Metadata[traitActs] = true
	return op
}

// sdp makes the answer application/sdp. Its request says so by the tag of its body.
func sdp(op huma.Operation) huma.Operation {
	op.Responses["201"] = &huma.Response{
		Description: "The SDP answer",
		Content:     map[string]*huma.MediaType{mediaTypeSDP: {Schema: &huma.Schema{Type: huma.TypeString}}},
	}
	return op
}

// archive makes the answer a zip archive.
func archive(op huma.Operation) huma.Operation {
	op.Responses["200"] = &huma.Response{
		Description: "The archive",
		Content:     map[string]*huma.MediaType{api.MediaTypeZip: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}
	return op
}

func (s *Server) getNode(context.Context, *none) (*body[api.Node], error) {
	return &body[api.Node]{s.community.Node()}, nil
}

func (s *Server) found(ctx context.Context, in *body[api.FoundRequest]) (*body[api.Member], error) {
	if err := api.CheckCommunityName(in.Body.Name.Text); err != nil {
		return nil, err
	}
	return answer(s.community.Found(ctx, in.Body))
}

func (s *Server) join(ctx context.Context, in *body[api.JoinRequest]) (*body[api.Member], error) {
	return answer(s.community.Join(ctx, in.Body))
}

func (s *Server) getMe(ctx context.Context, _ *none) (*body[api.Me], error) {
	return answer(s.community.Me(ctx, sessionOf(ctx).member))
}

func (s *Server) addNode(ctx context.Context, in *body[api.AddNode]) (*none, error) {
	if s.nodes == nil {
		return nil, reason.Reject(reason.NotFound, "this node adds no others")
	}
	return nil, s.nodes.AddNode(ctx, sessionOf(ctx).member, in.Body)
}

func (s *Server) adopt(ctx context.Context, in *body[api.AdoptRequest]) (*body[api.Node], error) {
	if s.nodes == nil {
		return nil, reason.Reject(reason.NotFound, "this node cannot be added to others")
	}
	return answer(s.nodes.Adopt(ctx, in.Body))
}

func (s *Server) getInvites(ctx context.Context, _ *none) (*body[api.Invites], error) {
	return answer(s.invites.Invites(ctx, sessionOf(ctx).member))
}

func (s *Server) createInvite(ctx context.Context, in *body[api.CreateInvite]) (*body[api.Invite], error) {
	if note := in.Body.Note; note != nil {
		if err := api.CheckNote(note.Text); err != nil {
			return nil, err
		}
	}
	return answer(s.invites.CreateInvite(ctx, sessionOf(ctx).member, in.Body))
}

func (s *Server) previewInvite(ctx context.Context, in *invitePath) (*body[api.InvitePreview], error) {
	id, err := pathID(in.ID, reason.InviteUnknown)
	if err != nil {
		return nil, err
	}
	return answer(s.invites.Preview(ctx, id))
}

func (s *Server) revokeInvite(ctx context.Context, in *inviteRevoke) (*body[api.Invite], error) {
	id, err := pathID(in.ID, reason.InviteUnknown)
	if err != nil {
		return nil, err
	}
	return answer(s.invites.RevokeInvite(ctx, sessionOf(ctx).member, id, in.Body))
}

func (s *Server) listRooms(ctx context.Context, _ *none) (*body[api.RoomList], error) {
	return &body[api.RoomList]{api.RoomList{Rooms: withPrivate(s.rooms.List(), s.doors.Private(sessionOf(ctx).member))}}, nil
}

func (s *Server) createRoom(ctx context.Context, in *body[api.CreateRoom]) (*body[api.Room], error) {
	if err := api.CheckTitle(in.Body.Title.Text); err != nil {
		return nil, err
	}
	return answer(s.rooms.Create(ctx, sessionOf(ctx).member, in.Body))
}

func (s *Server) getRoom(ctx context.Context, in *roomPath) (*body[api.Room], error) {
	id, err := s.guestRoom(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return answer(s.rooms.Room(ctx, id, sessionOf(ctx).member))
}

func (s *Server) getAudience(ctx context.Context, in *audiencePage) (*body[api.Audience], error) {
	id, err := pathID(in.ID, reason.RoomUnknown)
	if err != nil {
		return nil, err
	}
	if err := api.CheckSearch(in.Query); err != nil {
		return nil, err
	}
	return answer(s.rooms.Audience(id, sessionOf(ctx).member, api.AudiencePage{Offset: in.Offset, Limit: in.Limit, Query: in.Query}))
}

func (s *Server) getRoomLog(ctx context.Context, in *roomPath) (*body[api.RoomLog], error) {
	id, err := pathID(in.ID, reason.RoomUnknown)
	if err != nil {
		return nil, err
	}
	return answer(s.rooms.Log(ctx, id, sessionOf(ctx).member))
}

func (s *Server) act(ctx context.Context, in *roomAction) (*none, error) {
	id, err := s.guestRoom(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := in.Body.Check(); err != nil {
		return nil, err
	}
	if err := sessionOf(ctx).mayAct(in.Body.Type); err != nil {
		return nil, err
	}
	return nil, s.rooms.Act(ctx, id, sessionOf(ctx).member, in.Body)
}

func (s *Server) offerMedia(ctx context.Context, in *mediaOffer) (*mediaAnswer, error) {
	id, err := s.guestRoom(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	reply, leg, err := s.media.Offer(ctx, id, sessionOf(ctx).member, string(in.RawBody), in.SRTP != "gcm")
	if err != nil {
		return nil, err
	}
	at := strings.NewReplacer("{id}", id.String(), "{leg}", url.PathEscape(leg)).Replace(api.Base + api.PathLeg)
	return &mediaAnswer{ContentType: mediaTypeSDP, Location: at, Body: []byte(reply)}, nil
}

func (s *Server) closeMedia(ctx context.Context, in *legPath) (*none, error) {
	id, err := s.guestRoom(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, s.media.CloseLeg(ctx, id, sessionOf(ctx).member, in.Leg)
}

// answer makes a call's result an answer.
func answer[T any](out T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{out}, nil
}

// pathID reads an id from a path; a malformed one is unknown.
func pathID(text string, unknown reason.Reason) (statement.ID, error) {
	id, err := statement.ParseID(text)
	if err != nil {
		return id, reason.Reject(unknown, "the path holds no id")
	}
	return id, nil
}
