package schedules

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"daybook/eventstore"
	"daybook/projections"
	"daybook/projections/follow"
	"daybook/projections/redismodel"
)

// prove ends what goes on, lets the server come to the end of the log, and
// holds what it has against what was acknowledged and against the log.
func (s *schedule) prove() {
	s.t.Helper()
	s.redis.Proxy.Lose(0)
	if s.rebuild != nil {
		s.endRebuild(s.either(2))
	}
	s.load.stop()
	amounts, position := s.load.owed()
	s.note("%d callbacks are acknowledged, up to position %s", s.load.acknowledged, position)
	for user, amount := range amounts {
		s.awaitBalance(user, amount, position)
	}
	s.note("all is in the balances")
	s.until("reads are ready", func() bool {
		_, err := s.get("/readyz/reads")
		return err == nil && s.stored(position)
	})
	s.endBackground()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.daybook.Verify(ctx); err != nil {
		s.t.Errorf("it does not verify: %v", err)
	}
	if strings.Contains(s.daybook.Said(), "projection has stopped") {
		s.t.Error("a projection has stopped")
	}
	if s.t.Failed() {
		s.t.Logf("the server says\n%s", s.daybook.Said())
	}
}

// stored reports whether Redis has both models up to a position. A server looks
// once a second whether what it has written is still there.
func (s *schedule) stored(position string) bool {
	end, err := eventstore.ParsePosition(position)
	s.redis.must(err)
	store, err := redismodel.Connect(redismodel.Options{URL: s.redis.URL()})
	s.redis.must(err)
	defer store.Close()
	current, err := store.Current(s.t.Context())
	for _, m := range projections.ReadModels() {
		var reached follow.Checkpoint
		if err == nil {
			reached, err = store.Checkpoint(s.t.Context(), current, m.Name)
		}
		if err != nil || reached.Position < end {
			return false
		}
	}
	return true
}

// awaitBalance waits until the server answers with a user's balance at a
// position. The first answer has to be exact.
func (s *schedule) awaitBalance(user, amount, position string) {
	s.t.Helper()
	var said string
	var err error
	for end := time.Now().Add(patience); ; {
		if said, err = s.get("/balances/" + url.PathEscape(user) + "?min_position=" + position); err == nil {
			break
		}
		if time.Now().After(end) {
			s.t.Fatalf("the balance of %s is not to be had within %s: %v\n%s", user, patience, err, s.daybook.Said())
		}
		time.Sleep(2 * time.Millisecond)
	}
	var read struct {
		Balances []struct{ Currency, Available, Pending string }
	}
	if err := json.Unmarshal([]byte(said), &read); err != nil {
		s.t.Fatal(err)
	}
	if got, want := fmt.Sprint(read.Balances), fmt.Sprintf("[{USD %s 0.00}]", amount); got != want {
		s.t.Errorf("%s has %s and must have %s", user, got, want)
	}
}

// get asks the server. Anything but 200 is an error.
func (s *schedule) get(path string) (string, error) {
	request, err := http.NewRequest(http.MethodGet, "http://"+s.load.address+path, nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+Token)
	response, err := s.load.client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s", response.Status, text)
	}
	return string(text), err
}
