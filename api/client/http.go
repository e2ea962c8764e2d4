package client

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/reason"
)

// maxAnswer bounds what is read of an answer, in bytes. The largest is a hallway of some thousand rooms.
const maxAnswer = 8 << 20

var errAddress = errors.New("client: the node's address is not of the form https://host or http://host:port")

// request is one request to the node.
type request struct {
	method, path string
	contentType  string
	body         []byte
	token        string // "" for none
	most         int64  // bytes of the answer; 0: maxAnswer
}

// answer is what came back.
type answer struct {
	header http.Header
	body   []byte
}

// attempts is how often a request is made that the node has no time for.
const attempts = 6

// send makes a request. A status outside 2xx is an *api.Problem. When the node says that it has no time now, and when to
// come again, the request waits and is made again: what was refused has changed nothing.
func (c *Client) send(ctx context.Context, r request) (answer, error) {
	for attempt := 1; ; attempt++ {
		a, err := c.sendOnce(ctx, r)
		if attempt == attempts || !Refused(err, reason.RateLimited) && !Refused(err, reason.MediaBusy) {
			return a, err
		}
		after, notSaid := strconv.Atoi(a.header.Get("Retry-After"))
		if wait := time.Duration(after) * time.Second; notSaid != nil || !Pause(ctx, wait) {
			return a, err
		}
	}
}

// sendOnce makes one request.
func (c *Client) sendOnce(ctx context.Context, r request) (answer, error) {
	if c.origin == "" {
		return answer{}, errAddress
	}
	req, err := http.NewRequestWithContext(ctx, r.method, c.origin+api.Base+r.path, bytes.NewReader(r.body))
	if err != nil {
		return answer{}, fmt.Errorf("client: %w", err)
	}
	if r.body != nil {
		req.Header.Set("Content-Type", r.contentType)
	}
	req.Header.Set("Accept-Language", c.language)
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, fmt.Errorf("client: %w", err)
	}
	defer func() { _ = res.Body.Close() }() // it is only read
	data, err := io.ReadAll(io.LimitReader(res.Body, cmp.Or(r.most, maxAnswer)))
	if err != nil {
		return answer{}, fmt.Errorf("client: %s %s: %w", r.method, r.path, err)
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return answer{header: res.Header}, problemOf(r, res, data)
	}
	return answer{header: res.Header, body: data}, nil
}

// problemOf reads a problem document. Whatever else came, from a proxy perhaps, is an error that is no *api.Problem.
func problemOf(r request, res *http.Response, data []byte) error {
	var p api.Problem
	kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil || kind != "application/problem+json" || json.Unmarshal(data, &p) != nil || p.Code == "" {
		return fmt.Errorf("client: %s %s: %s, without a problem document", r.method, r.path, res.Status)
	}
	return &p
}

// call makes a request without a session and reads a JSON answer.
func call[T any](ctx context.Context, c *Client, method, path string, body any) (T, error) {
	return read[T](c.sendJSON(ctx, request{method: method, path: path}, body))
}

// callAs makes a request in the person's session and reads a JSON answer.
func callAs[T any](ctx context.Context, c *Client, method, path string, body any) (T, error) {
	r := request{method: method, path: path}
	if err := r.set(body); err != nil {
		var none T
		return none, err
	}
	return read[T](c.sendAs(ctx, r))
}

func (r *request) set(body any) error {
	if body == nil {
		return nil
	}
	data, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	r.body, r.contentType = data, "application/json"
	return nil
}

func (c *Client) sendJSON(ctx context.Context, r request, body any) (answer, error) {
	if err := r.set(body); err != nil {
		return answer{}, err
	}
	return c.send(ctx, r)
}

func read[T any](a answer, err error) (T, error) {
	var out T
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(a.body, &out); err != nil {
		return out, fmt.Errorf("client: an answer that is not what it should be: %w", err)
	}
	return out, nil
}

// sendAs makes a request in the person's session. If the node no longer knows the session, after a restart for
// instance, it opens another and asks once more.
func (c *Client) sendAs(ctx context.Context, r request) (answer, error) {
	for again := false; ; again = true {
		token, err := c.session(ctx)
		if err != nil {
			return answer{}, err
		}
		r.token = token
		a, err := c.send(ctx, r)
		if !again && Refused(err, reason.SessionRequired) {
			c.forget(token)
			continue
		}
		return a, err
	}
}
