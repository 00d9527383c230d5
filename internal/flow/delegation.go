package flow

import "qianshao/internal/access"

// actsFor is the name of the person an actor makes a move for: that of whoever delegated the authority, when no post of
// the actor's own would do. Every act says so.
func actsFor(who access.Actor, m *Matter, by []By) string {
	name := ""
	for _, b := range by {
		roles, at := []access.Role{b.role()}, m.Organ
		switch b {
		case ByTeam, BySuperior, BySystem:
			return "" // a member of the team, or somebody of the organ above, is there in person
		case ByHandler:
			roles, at = append(roles, access.Head), m.Handler
		case ByHead:
			at = m.Handler
		}
		for _, r := range roles {
			hat, ok := who.HatFor(r, at)
			if ok && hat.For == "" {
				return ""
			}
			if ok && name == "" {
				name = hat.ForName
			}
		}
	}
	return name
}
