package node

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// exportReadme explains an export to whoever opens it.
const exportReadme = `This is everything that the node %[1]s
holds on the member %[2]s
of the community %[3]s.

  me.json           name, founder or not, since when, who answers for whom
  invites.json      free slots, and the invites you made, with who came by them
  rooms.json        live rooms that you opened, and live rooms, of others too, with what they hold on you: your place,
                    your raised hand and its question, an offer of the stage, what moderators did to you, or you to others
  schedules.json    scheduled rooms that you planned, or that name you as a moderator
  sessions.json     where you are signed in at this node
  statements.json   each statement in the log that you signed or that is about you, with the texts beside it
  kept/             what the node keeps under your key: profile, settings, reminders
  chain.json        proof of how you became a member: check it with  stoa verify chain.json

Times are in seconds since 1970 in statements, in milliseconds elsewhere. A key is a did:key.
What other people keep for themselves about you, such as whether they follow or mute you, is theirs and not in here.
How long each thing is kept, and why, stands in docs/privacy.md of the program.

---

Voici tout ce que le nœud ci-dessus détient sur le membre ci-dessus.

  me.json           nom, fondateur ou non, depuis quand, qui répond de qui
  invites.json      invitations libres, et celles que vous avez faites, avec qui est venu par elles
  rooms.json        salons en cours que vous avez ouverts, et ceux, même d’autres, qui gardent quelque chose sur vous :
                    votre place, votre main levée et sa question, une invitation à monter sur scène, ce que des modérateurs
                    ont fait envers vous, ou vous envers d’autres
  schedules.json    salons que vous avez prévus, ou qui vous nomment modérateur
  sessions.json     où vous êtes connecté à ce nœud
  statements.json   chaque déclaration du journal que vous avez signée ou qui parle de vous, avec ses textes
  kept/             ce que le nœud garde sous votre clé : profil, réglages, rappels
  chain.json        la preuve de votre admission : vérifiez-la avec  stoa verify chain.json

Les heures sont en secondes depuis 1970 dans les déclarations, en millisecondes ailleurs.
Ce que d’autres gardent pour eux à votre sujet, par exemple s’ils vous suivent, est à eux et n’est pas ici.
Combien de temps chaque chose est gardée, et pourquoi, est dit dans docs/privacy.md du programme.
`

// Export implements server.Privacy. It goes through all that the store keeps (storage.Keeping) and what live rooms hold in
// memory, and has one statement in memory at a time.
func (c *community) Export(ctx context.Context, member identity.PublicKey, sessions []api.OpenSession, w io.Writer) error {
	me, err := c.Me(ctx, member)
	if err != nil {
		return err
	}
	invites, err := c.Invites(ctx, member)
	if err != nil {
		return err
	}
	rooms, err := c.places(ctx, member)
	if err != nil {
		return err
	}
	plans, err := c.schedulesOf(member)
	if err != nil {
		return err
	}
	chain, err := c.journal.export(member)
	if err != nil {
		return err
	}
	raw, err := chain.Encode()
	if err != nil {
		return err
	}
	var kept []storage.Held // all of it before the first byte is written: an erasure waits for those who read the store
	if err := c.journal.store.Held(member, func(h storage.Held) error {
		kept = append(kept, storage.Held{Kept: h.Kept, Name: bytes.Clone(h.Name), Text: bytes.Clone(h.Text)})
		return nil
	}); err != nil {
		return fmt.Errorf("node: export: %w", err)
	}
	x := exporting{zip: zip.NewWriter(w)}
	x.file("README.txt", fmt.Appendf(nil, exportReadme, c.self.Node, member, chain.Community))
	x.json("me.json", me)
	x.json("invites.json", invites)
	x.json("rooms.json", rooms)
	x.json("schedules.json", plans)
	x.json("sessions.json", sessions)
	x.file("chain.json", raw)
	x.statements(c, member)
	for _, h := range kept {
		x.json("kept/"+fileName(h)+".json", shown(h.Text))
	}
	if x.err == nil {
		x.err = x.zip.Close()
	}
	if x.err != nil {
		return fmt.Errorf("node: export: %w", x.err)
	}
	return nil
}

// exporting writes an archive. After an error it does nothing more.
type exporting struct {
	zip *zip.Writer
	err error
}

func (x *exporting) file(name string, data []byte) {
	if x.err != nil {
		return
	}
	w, err := x.zip.Create(name)
	if err == nil {
		_, err = w.Write(data)
	}
	x.err = err
}

func (x *exporting) json(name string, value any) {
	data, err := json.Marshal(value, jsontext.WithIndent("  "), json.Deterministic(true))
	if err != nil {
		x.err = err
		return
	}
	x.file(name, append(data, '\n'))
}

// exportedStatement is a statement of the log as an export shows it.
type exportedStatement struct {
	Log       identity.PublicKey `json:"log"`
	Index     int64              `json:"index"`
	Kind      statement.Kind     `json:"kind"`
	Says      jsontext.Value     `json:"says"`
	Texts     []statement.Text   `json:"texts,omitempty"`
	Statement string             `json:"statement"`
}

// statements writes a list, one statement at a time.
func (x *exporting) statements(c *community, member identity.PublicKey) {
	if x.err != nil {
		return
	}
	w, err := x.zip.Create("statements.json")
	if err != nil {
		x.err = err
		return
	}
	before := "[\n"
	if err := c.journal.concerning(member, func(log identity.PublicKey, index int64, st statement.Statement) error {
		one := exportedStatement{Log: log, Index: index, Kind: st.Kind(), Says: claims(st.Text()), Statement: st.Text()}
		for _, commitment := range st.Commitments() {
			text, ok, err := c.journal.store.Text(commitment)
			if err != nil {
				return err
			}
			if ok {
				one.Texts = append(one.Texts, text)
			}
		}
		data, err := json.Marshal(one, jsontext.WithIndent("  "))
		if err == nil {
			_, err = fmt.Fprintf(w, "%s%s", before, data)
		}
		before = ",\n"
		return err
	}); err != nil {
		x.err = err
		return
	}
	_, x.err = io.WriteString(w, strings.TrimSuffix(before, ",\n")+"\n]\n")
}

// claims are the readable middle of a statement.
func claims(text string) jsontext.Value {
	parts := strings.Split(text, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[min(1, len(parts)-1)])
	if err != nil || !jsontext.Value(raw).IsValid() {
		return jsontext.Value("null")
	}
	return raw
}

// shown is a stored value for people: JSON as it is, a statement with what it says, text as text, anything else in base64.
func shown(raw []byte) any {
	if st, err := statement.Parse(string(raw)); err == nil {
		return map[string]any{"statement": st.Text(), "kind": st.Kind(), "says": claims(st.Text())}
	}
	if value := jsontext.Value(raw); value.IsValid() {
		return value
	}
	if utf8.Valid(raw) && !bytes.ContainsRune(raw, 0) {
		return string(raw)
	}
	return map[string]any{"base64": raw}
}

// fileName is the name of something kept, in the archive.
func fileName(h storage.Held) string {
	switch {
	case len(h.Name) == 0:
		return h.Kept.Name
	case regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*$`).Match(h.Name):
		return h.Kept.Name + "-" + string(h.Name)
	default:
		return h.Kept.Name + "-" + base64.RawURLEncoding.EncodeToString(h.Name)
	}
}

// schedulesOf are the scheduled rooms that a member planned, or that name them.
func (c *community) schedulesOf(member identity.PublicKey) ([]exportedRoom, error) {
	all := []exportedRoom{}
	for plan, err := range c.journal.store.Schedules() {
		if err != nil {
			return nil, err
		}
		holds := cmp.Or(plan.Latest, plan.First)
		first, err := statement.Parse(plan.First)
		if err != nil || first.Signer() != member && !moderates(holds, member) {
			continue
		}
		all = append(all, exportedRoom{ID: plan.ID, Title: plan.Title, Says: claims(holds)})
	}
	return all, nil
}

// moderates reports whether a schedule names somebody who may open the room besides its author.
func moderates(schedule string, member identity.PublicKey) bool {
	st, err := statement.ParseKind[*statement.Schedule](schedule)
	return err == nil && slices.Contains(st.Body().(*statement.Schedule).Moderators, member)
}
