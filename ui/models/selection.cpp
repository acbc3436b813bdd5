// SPDX-License-Identifier: Apache-2.0
#include "ui/models/selection.h"

namespace moescope::ui {

namespace {
constexpr qsizetype maxHistory = 200;
}

void Selection::setRun(qint64 run) {
    if (run != m_state.run) {
        set({run, -1, m_state.layer, -1});
    }
}

void Selection::setToken(int token) {
    SelectionState next = m_state;
    next.token = token;
    apply(routed(next), !m_following);
}

void Selection::setToken(qint64 run, int token) {
    SelectionState next = m_state;
    next.run = run;
    next.token = token;
    apply(routed(next), !m_following);
}

void Selection::setLayer(int layer) {
    SelectionState next = m_state;
    next.layer = layer;
    apply(routed(next), !m_following);
}

void Selection::setExpert(int expert) {
    SelectionState next = m_state;
    next.expert = expert;
    set(next);
}

void Selection::set(const SelectionState& state) { apply(state.expert < 0 ? routed(state) : state, true); }

void Selection::setFollowing(bool following) {
    if (following != m_following) {
        m_following = following;
        emit followingChanged(following);
    }
}

bool Selection::canGoBack() const { return !m_back.isEmpty(); }

bool Selection::canGoForward() const { return !m_forward.isEmpty(); }

void Selection::goBack() {
    if (m_back.isEmpty()) {
        return;
    }
    // Going back is looking at something else than the newest token.
    setFollowing(false);
    m_forward.append(m_state);
    apply(m_back.takeLast(), false);
    emit historyChanged();
}

void Selection::goForward() {
    if (m_forward.isEmpty()) {
        return;
    }
    setFollowing(false);
    m_back.append(m_state);
    apply(m_forward.takeLast(), false);
    emit historyChanged();
}

void Selection::apply(const SelectionState& state, bool keepHistory) {
    if (state == m_state) {
        return;
    }
    if (keepHistory && m_state.token >= 0) {
        m_back.append(m_state);
        if (m_back.size() > maxHistory) {
            m_back.removeFirst();
        }
        m_forward.clear();
    }
    m_state = state;
    emit changed(m_state);
    if (keepHistory) {
        emit historyChanged();
    }
}

SelectionState Selection::routed(SelectionState state) const {
    if (m_expertOf) {
        const bool somewhere = state.token >= 0 && state.layer >= 0;
        state.expert = somewhere ? m_expertOf(state.run, state.token, state.layer) : -1;
    }
    return state;
}

} // namespace moescope::ui
