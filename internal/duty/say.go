package duty

import (
	"context"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// Said is what this room's papers are filled in from beyond a matter's acts, and whom they go to: nothing for other matters. Nobody
// who holds a post is named in it.
func (s *Service) Said(ctx context.Context, r db.Reader, m flow.Matter) (to string, fields map[string]string, err error) {
	switch m.Kind {
	case KindHandBack:
		h, err := GetHandBack(ctx, r, m.ID.Key)
		if err != nil {
			return "", nil, err
		}
		unit, err := named(ctx, r, h.Unit)
		return h.Department, map[string]string{"unit": unit, "what": h.What, "department": h.Department, "given_by": h.GivenBy, "paper": h.Paper, "reason": s.Rules.Name("hand_back_reason", h.Reason, "zh")}, err
	case KindOrder:
		o, err := GetOrder(ctx, r, m.ID.Key)
		if err != nil {
			return "", nil, err
		}
		unit, err := named(ctx, r, o.Unit)
		return o.Committee, map[string]string{"unit": unit, "committee": o.Committee, "duties": strings.Join(s.listed(o.Duties), "\n")}, err
	case KindDeviation:
		v, err := GetDeviation(ctx, r, m.ID.Key)
		if err != nil {
			return "", nil, err
		}
		unit, err := named(ctx, r, v.Unit)
		return "", map[string]string{"unit": unit, "what": m.Title}, err
	}
	return "", nil, nil
}

func named(ctx context.Context, r db.Reader, unit id.Key) (string, error) {
	u, err := access.GetUnit(ctx, r, unit)
	return u.Name, err
}

// listed are duties as a letter lists them: by the post, never by who holds it.
func (s *Service) listed(ds []Duty) []string {
	out := make([]string, len(ds))
	for i, d := range ds {
		out[i] = itoa(i+1) + "．" + "纪委" + s.Rules.Name("establishment", d.PostKind, "zh") + "：" + d.What
		if d.Paper != "" {
			out[i] += "（" + d.Paper + "）"
		}
	}
	return out
}
