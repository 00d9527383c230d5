package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
)

// Site is what second factors are bound to.
type Site struct {
	Name    string   // what an authenticator shows, "前哨" if empty
	Host    string   // the domain people type; "" (or an address made of numbers): no passkeys
	Origins []string // https://host[:port], each way in
}

// Service is this package's use cases.
type Service struct {
	Ledger *ledger.Ledger
	Policy Policy
	Key    []byte // seals authenticators' secrets: at least 32 bytes from the deployment's key file; nil: none can be enrolled
	Site   Site

	once      sync.Once
	slots     chan struct{}
	notes     chan struct{} // sessions' uses being noted
	queue     atomic.Int64
	evaluated atomic.Int64 // passwords hashed; tests read it
	dummy     string       // what the password of an unknown login is held against
	mark      []byte       // keys the digests of unknown logins
	passkeys  *webauthn.WebAuthn
}

func (s *Service) setup() {
	s.once.Do(func() {
		if s.Policy == (Policy{}) {
			s.Policy = DefaultPolicy()
		}
		s.slots = make(chan struct{}, max(1, s.Policy.Hashes))
		s.notes = make(chan struct{}, 8)
		s.dummy = s.Policy.Cost.Hash(string(chance(16)))
		// The same in every process of a deployment, so that an unknown login rests in all of them at once as a known one
		// does.
		s.mark = chance(32)
		if len(s.Key) >= 32 {
			s.mark = digestOf("unknown logins", s.Key)
		}
		s.passkeys = newWebAuthn(s.Site)
	})
}

// Session is who is behind a token.
type Session struct {
	Token    string
	Stage    string
	Due      string // what must be done before the session has any authority; "" when nothing
	Account  id.ID
	Person   id.Key
	Name     string
	Login    string
	Lang     string
	Holding  id.Key // the post acted in
	Posts    []Post
	TOTP     bool // which second factors there are, for the page that asks for one
	Passkeys int
	Recovery int // codes left
	Ends     int64
}

// Ready says whether the session has authority: nothing is due any more.
func (s Session) Ready() bool { return s.Due == "" }

// live is a session that has not ended, and its account.
type live struct {
	row
	token   string
	hash    string
	holding id.Key
	stage   string
	device  string
	created int64
	seen    int64
	ends    int64
}

// newToken makes a token and the digest of it that is stored.
func newToken(city id.City) (token, hash string) {
	token = strconv.FormatInt(int64(city), 10) + "." + url64.EncodeToString(chance(32))
	return token, digest(token)
}

func digest(s string) string {
	h := sha256.Sum256([]byte(s))
	return url64.EncodeToString(h[:])
}

func digestOf(what string, key []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(what))
	return m.Sum(nil)
}

// cityOf reads the tenant of a token that could be one.
func cityOf(token string) (id.City, error) {
	c, rest, ok := strings.Cut(token, ".")
	n, err := strconv.ParseInt(c, 10, 64)
	if !ok || len(rest) != 43 || err != nil || n <= 0 {
		return 0, ended()
	}
	return id.City(n), nil
}

func ended() error { return fault.New(fault.Unauthenticated, "session.ended") }

// find reads a session that has not ended. A session of an earlier epoch is none, so that one that was being begun while
// the password changed never lives.
func find(ctx context.Context, r db.Reader, token string) (live, error) {
	l := live{token: token, hash: digest(token)}
	dest := append([]any{&l.holding, &l.stage, &l.device, &l.created, &l.seen, &l.ends}, l.row.dest()...)
	err := r.Row(ctx, `SELECT s.holding_id, s.stage, s.device, s.created_at, s.seen_at, s.ends_at, `+rowCols+` FROM sessions s
		JOIN accounts a ON a.city_id = s.city_id AND a.id = s.account_id`+rowFrom+`
		WHERE s.city_id = $1 AND s.token = $2 AND s.epoch = a.epoch AND s.idle_until > $3 AND s.ends_at > $3 AND a.disabled = FALSE`, l.hash, int64(r.Now())).Scan(dest...)
	if errors.Is(err, db.ErrNoRows) {
		return l, ended()
	}
	l.ID.City = r.City()
	return l, err
}

func (s *Service) find(ctx context.Context, token string) (live, db.Reader, error) {
	s.setup()
	city, err := cityOf(token)
	if err != nil {
		return live{}, nil, err
	}
	r := s.Ledger.DB.In(city)
	l, err := find(ctx, r, token)
	return l, r, err
}

// Actor reads who is behind a token, anew: the session, the account, the post and what comes with it. While anything is
// due the actor has no authority at all: it is the zero Actor.
func (s *Service) Actor(ctx context.Context, token string) (access.Actor, Session, error) {
	l, r, err := s.find(ctx, token)
	if err != nil {
		return access.Actor{}, Session{}, err
	}
	held, err := access.Holdings(ctx, r, l.person, r.Now().Date())
	if err != nil {
		return access.Actor{}, Session{}, err
	}
	posts := own(held)
	if err := separate(posts); err != nil {
		return access.Actor{}, Session{}, err
	}
	ss := s.session(l, posts)
	if len(posts) == 0 {
		return access.Actor{}, ss, fault.New(fault.Unauthenticated, "session.post_ended")
	}
	s.note(ctx, r, l)
	if !ss.Ready() {
		return access.Actor{}, ss, nil
	}
	who, err := access.As(ctx, r, l.person, held, ss.Holding)
	if err != nil {
		return access.Actor{}, ss, err
	}
	who.Account = l.ID.Key
	return who, ss, nil
}

// session works out what a session still owes.
func (s *Service) session(l live, posts []Post) Session {
	ss := Session{Token: l.token, Stage: l.stage, Account: l.ID, Person: l.person, Name: l.name, Login: l.login, Lang: l.lang, Posts: posts,
		TOTP: l.totp != "", Passkeys: l.row.passkeys, Recovery: len(l.codes()), Ends: l.ends}
	ss.Holding = l.holding
	if ss.Holding == "" && len(posts) == 1 {
		ss.Holding = posts[0].Holding
	}
	if !holds(posts, ss.Holding) && l.stage != StageProgram {
		ss.Holding = ""
	}
	switch {
	case l.stage == StageProgram:
		// A program answers for nothing but itself; its token ends with its owner's post (access.Load) or epoch.
	case l.stage == StagePassword && l.hasSecond():
		ss.Due = DueSecond
	case l.mustChange || s.aged(l.row):
		ss.Due = DueChange
	case l.stage == StagePassword:
		ss.Due = DueEnrol
	case ss.Holding == "":
		ss.Due = DuePost
	}
	return ss
}

func holds(posts []Post, holding id.Key) bool {
	for _, p := range posts {
		if p.Holding == holding {
			return true
		}
	}
	return false
}

func (s *Service) aged(a row) bool {
	return s.Policy.MaxAge > 0 && int64(s.Ledger.DB.Now()) > a.changedAt+micros(s.Policy.MaxAge)
}

// note puts down that the session is in use, at most once a minute. That it can't be noted (a full disk), or not at once
// (a long write goes on), keeps nobody from reading.
func (s *Service) note(ctx context.Context, r db.Reader, l live) {
	now := int64(r.Now())
	if l.stage == StagePassword || now < l.seen+micros(noteEvery) {
		return
	}
	idle := l.ends
	if l.stage == StageFull {
		idle = min(idle, now+micros(s.Policy.Idle))
	}
	select {
	case s.notes <- struct{}{}:
	default:
		return // enough of them wait already; the next request tries again
	}
	done := make(chan struct{})
	go func() {
		defer func() { close(done); <-s.notes }()
		_ = s.Ledger.DB.Scratch(context.WithoutCancel(ctx), r.City(), func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE sessions SET seen_at = $3, idle_until = $4 WHERE city_id = $1 AND token = $2 AND seen_at < $3`, l.hash, now, idle)
			return err
		})
	}()
	select {
	case <-done:
	case <-time.After(noteWithin):
	}
}

// noteWithin is how long a request waits for its session's use to be noted.
const noteWithin = 200 * time.Millisecond

// ChoosePost makes the session act in one of the person's posts.
func (s *Service) ChoosePost(ctx context.Context, token string, holding id.Key) error {
	l, r, err := s.find(ctx, token)
	if err != nil {
		return err
	}
	if l.stage != StageFull {
		return s.notFull(l)
	}
	posts, err := postsOf(ctx, r, l.person, r.Now().Date())
	if err != nil {
		return err
	}
	if !holds(posts, holding) {
		return fault.InvalidField("post", "choice.unknown")
	}
	return s.Ledger.DB.Scratch(ctx, r.City(), func(tx *db.Tx) error {
		return tx.ExecOne(ctx, ended(), `UPDATE sessions SET holding_id = $3 WHERE city_id = $1 AND token = $2 AND stage = 'full'`, l.hash, holding)
	})
}

// notFull says why a session can't do what only a whole sign-in can.
func (s *Service) notFull(l live) error {
	if l.stage == StageProgram {
		return fault.New(fault.Forbidden, "session.program")
	}
	return fault.New(fault.Unauthenticated, "session.second")
}

// SignOut ends the session; that there was none is no error.
func (s *Service) SignOut(ctx context.Context, token string) error {
	city, err := cityOf(token)
	if err != nil {
		return nil
	}
	return s.Ledger.DB.Scratch(ctx, city, func(tx *db.Tx) error {
		// A program's token is revoked by name, as an act.
		_, err := tx.Exec(ctx, `DELETE FROM sessions WHERE city_id = $1 AND token = $2 AND stage <> 'program'`, digest(token))
		return err
	})
}

// SignOutAll ends every session of an account but its programs'. The caller has made sure whose account it is.
func (s *Service) SignOutAll(ctx context.Context, account id.ID) error {
	return s.Ledger.DB.Scratch(ctx, account.City, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM sessions WHERE city_id = $1 AND account_id = $2 AND stage <> 'program'`, account.Key)
		return err
	})
}

// endOthers removes every session of an account but one; the epoch has ended them already.
func endOthers(ctx context.Context, tx *db.Tx, account id.ID, but string) error {
	_, err := tx.Exec(ctx, `DELETE FROM sessions WHERE city_id = $1 AND account_id = $2 AND token <> $3`, account.Key, but)
	return err
}

// rememberDevice is how long a browser stays known without being used.
const rememberDevice = 366 * 24 * time.Hour

// Tidy removes what has run out in a tenant: sessions, challenges, budgets nobody draws on. A job calls it.
func (s *Service) Tidy(ctx context.Context, city id.City) error {
	s.setup()
	return s.Ledger.DB.Scratch(ctx, city, func(tx *db.Tx) error {
		now := int64(tx.Now())
		if _, err := tx.Exec(ctx, `DELETE FROM sessions WHERE city_id = $1 AND (ends_at <= $2 OR idle_until <= $2)`, now); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM passkey_challenges WHERE city_id = $1 AND until_at <= $2`, now); err != nil {
			return err
		}
		_, err := tx.SharedTx().Exec(ctx, `DELETE FROM attempts WHERE at < $1 AND (at < $2 OR who < 'd/' OR who >= 'd0')`, now-micros(s.Policy.Forget), now-micros(rememberDevice))
		return err
	})
}
