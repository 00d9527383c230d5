package custody_test

import (
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/custody"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/seal"
)

// actions are the newest acts in an organ's log.
func actions(t *testing.T, w *apptest.World, organ id.ID, n int) []string {
	t.Helper()
	out, err := db.Column[string](apptest.Ctx, w.App.DB.In(organ.City), `SELECT a.action FROM acts a WHERE a.city_id = $1 AND a.log_id = $2 ORDER BY a.seq DESC LIMIT 20`, organ.Key)
	if err != nil || len(out) < n {
		t.Fatalf("%v, %v", out, err)
	}
	return out[:n]
}

// A passphrase that is lost is replaced by the organ above with its own key, an act in both logs; what was sealed before is
// read with the new one, under the present key and the earlier ones. Nobody else can, and the copy opens for nobody below.
func TestLostPassphrase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		k, county, city := w.App.Custody, w.Units["county"], w.Units["city"]
		m := named(t, w, false)
		if err := k.MakeKey(apptest.Ctx, w.As("intake"), county, seal.Secret{Passphrase: second}); err != nil { // two keys by now
			t.Fatal(err)
		}
		const found = "找不回来以后另换的一句口令"
		if _, _, err := k.Rewrap(apptest.Ctx, w.As("cityintake"), county, seal.Secret{Passphrase: found}); fault.Code(err) != "key.locked" {
			t.Errorf("with the key above locked: %v", err)
		}
		w.Unlock("city")
		for _, who := range []string{"intake", "otherintake", "cityleader", "sysadmin"} {
			if _, _, err := k.Rewrap(apptest.Ctx, w.As(who), county, seal.Secret{Passphrase: found}); fault.KindOf(err) != fault.Forbidden {
				t.Errorf("%s hands it out: %v", who, err)
			}
		}
		if _, _, err := k.Rewrap(apptest.Ctx, w.As("cityintake"), county, seal.Secret{Passphrase: "太短"}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("a short one: %v", err)
		}
		if _, _, err := k.Rewrap(apptest.Ctx, access.ByOperator(apptest.Province), w.Units["province"], seal.Secret{Passphrase: found}); fault.Code(err) != "key.no_above" {
			t.Errorf("at the top: %v", err)
		}
		opened, all, err := k.Rewrap(apptest.Ctx, w.As("cityintake"), county, seal.Secret{Passphrase: found})
		if err != nil || opened != 2 || all != 2 {
			t.Fatalf("%d of %d, %v", opened, all, err)
		}
		if here, above := actions(t, w, county.ID, 1), actions(t, w, city.ID, 1); here[0] != "key.rewrap" || above[0] != "key.hand_out" {
			t.Errorf("the logs say %v and %v", here, above)
		}
		if err := k.Unlock(apptest.Ctx, w.As("intake"), county, seal.Secret{Passphrase: second}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("the lost passphrase: %v", err)
		}
		if err := k.Unlock(apptest.Ctx, w.As("intake"), county, seal.Secret{Passphrase: found}); err != nil {
			t.Fatal(err)
		}
		if b, err := k.Open(apptest.Ctx, w.As("intake"), m, custody.Original, "核对原文"); err != nil || string(b) != "来信原文" {
			t.Errorf("what was sealed before: %q %v", b, err)
		}
		sealed, err := db.Column[[]byte](apptest.Ctx, d.In(apptest.City), `SELECT c.sealed FROM key_copies c WHERE c.city_id = $1 AND c.organ_id = $2`, county.ID.Key)
		if err != nil || len(sealed) != 2 {
			t.Fatalf("%d copies, %v", len(sealed), err)
		}
		own, err := k.Ring.Keys(county.ID.String())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sealed {
			if _, err := seal.Open(s, own...); err == nil {
				t.Error("the organ's own key opens the copy")
			}
		}
		w.Verify()
	})
}

// A key from before the organ above had one is copied when it is unlocked next; and again when the one above is replaced.
func TestCopyIsMadeWhenItCanBe(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		k, city := w.App.Custody, w.Units["city"]
		to := func() string {
			t.Helper()
			out, err := db.Column[string](apptest.Ctx, d.In(apptest.City), `SELECT c.to_key FROM key_copies c WHERE c.city_id = $1 AND c.organ_id = $2`, w.Units["county"].ID.Key)
			if err != nil || len(out) != 1 {
				t.Fatalf("%v, %v", out, err)
			}
			return out[0]
		}
		if err := k.Unlock(apptest.Ctx, w.As("intake"), w.Units["county"], seal.Secret{Passphrase: first}); err != nil { // made before there was one above
			t.Fatal(err)
		}
		was := to()
		if err := k.Lock(apptest.Ctx, w.As("intake"), w.Units["county"]); err != nil {
			t.Fatal(err)
		}
		w.Unlock("city")
		if err := k.MakeKey(apptest.Ctx, w.As("cityintake"), city, seal.Secret{Passphrase: second}); err != nil {
			t.Fatal(err)
		}
		if to() != was {
			t.Error("a copy is made of a key that is locked")
		}
		if err := k.Unlock(apptest.Ctx, w.As("intake"), w.Units["county"], seal.Secret{Passphrase: first}); err != nil {
			t.Fatal(err)
		}
		now, _, err := custody.Current(apptest.Ctx, d.In(apptest.City), city.ID)
		if err != nil || to() != now.ID || now.ID == was {
			t.Errorf("the copy is sealed to %s, the key above is %s, %v", to(), now.ID, err)
		}
		w.Verify()
	})
}

// An organ that is merged stays with its registers until their material is destroyed. The custodian of the organ that takes
// over is appointed there too, and gives the key a passphrase of their own while the earlier one has it unlocked; what was
// sealed before opens with it, for them and nobody else, and nobody who left knows it.
func TestMergedOrgan(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		k, county := w.App.Custody, w.Units["county"]
		m := named(t, w, false)
		const taken = "接收机关自己定的一句口令"
		if err := k.MakeKey(apptest.Ctx, w.As("otherintake"), county, seal.Secret{Passphrase: taken}); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("before they are appointed: %v", err)
		}
		w.Again("heir", "otherintake", "intake_clerk", "county")
		if _, err := k.Open(apptest.Ctx, w.As("otherintake"), m, custody.Original, "核对原文"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("at their own organ they see a matter of the other: %v", err)
		}
		if err := k.MakeKey(apptest.Ctx, w.As("heir"), county, seal.Secret{Passphrase: taken}); err != nil {
			t.Fatal(err)
		}
		if err := k.Unlock(apptest.Ctx, w.As("heir"), county, seal.Secret{Passphrase: taken}); err != nil {
			t.Fatal(err)
		}
		if err := w.App.Org.LeavePost(apptest.Ctx, w.As("secadmin"), id.ID{City: apptest.City, Key: w.Who["intake"].Holding}, org.Leaving{On: "2026-10-12", Reason: "transferred"}); err != nil {
			t.Fatal(err)
		}
		s, err := k.Look(apptest.Ctx, w.As("heir"))
		if err != nil || len(s.Left) != 0 || s.Earlier != 1 {
			t.Errorf("who left and knows the passphrase: %v, earlier keys %d, %v", s.Left, s.Earlier, err)
		}
		if b, err := k.Open(apptest.Ctx, w.As("heir"), m, custody.Original, "核对原文"); err != nil || string(b) != "来信原文" {
			t.Errorf("what was sealed before: %q %v", b, err)
		}
		if err := k.Lock(apptest.Ctx, w.As("heir"), county); err != nil {
			t.Fatal(err)
		}
		if err := k.Unlock(apptest.Ctx, w.As("heir"), county, apptest.Secret); fault.KindOf(err) != fault.Invalid {
			t.Errorf("the earlier passphrase: %v", err)
		}
		w.Verify()
	})
}
