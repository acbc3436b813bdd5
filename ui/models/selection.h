// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QList>
#include <QObject>

#include <functional>

namespace moescope::ui {

/** The one selection that every panel follows. −1: none. Tokens count from 0 within the answer in view; layers are
 *  MoE layers in order; experts are routed experts. */
struct SelectionState {
    qint64 run = -1; ///< message id of the answer in view
    int token = -1;
    int layer = -1;
    int expert = -1;

    bool operator==(const SelectionState&) const = default;
};

class Selection : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    const SelectionState& state() const { return m_state; }
    /** Another answer: its token is chosen anew. */
    void setRun(qint64 run);
    /** Another token or layer brings the expert that the router chose there: whoever steps through them needs not know
     *  it. setExpert(), and set() with an expert, choose one of their own. */
    void setToken(int token);
    void setToken(qint64 run, int token);
    void setLayer(int layer);
    void setExpert(int expert);
    /** Expert −1: the one that the router chose there. */
    void set(const SelectionState& state);
    /** Follow live tokens: the selection is the newest one. Its steps are not kept for goBack(). */
    bool isFollowing() const { return m_following; }
    void setFollowing(bool following);
    bool canGoBack() const;
    bool canGoForward() const;
    void goBack();
    void goForward();

    /** (run, token, layer) → the first expert chosen there, −1 if it is not known. */
    using ExpertLookup = std::function<int(qint64 run, int token, int layer)>;
    void setExpertLookup(ExpertLookup expertOf) { m_expertOf = std::move(expertOf); }

signals:
    void changed(const moescope::ui::SelectionState& state);
    void followingChanged(bool following);
    void historyChanged();

private:
    void apply(const SelectionState& state, bool keepHistory);
    /** `state` with the expert that the router chose there. */
    SelectionState routed(SelectionState state) const;

    SelectionState m_state;
    bool m_following = true;
    QList<SelectionState> m_back;
    QList<SelectionState> m_forward;
    ExpertLookup m_expertOf;
};

} // namespace moescope::ui

Q_DECLARE_METATYPE(moescope::ui::SelectionState)
