// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QObject>

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
    void setRun(qint64 run);
    void setToken(int token);
    void setLayer(int layer);
    void setExpert(int expert);
    void set(const SelectionState& state);
    /** Follow live tokens: the selection is the newest one. */
    bool isFollowing() const { return m_following; }
    void setFollowing(bool following);
    bool canGoBack() const;
    bool canGoForward() const;
    void goBack();
    void goForward();

signals:
    void changed(const moescope::ui::SelectionState& state);
    void followingChanged(bool following);
    void historyChanged();

private:
    SelectionState m_state;
    bool m_following = true;
    QList<SelectionState> m_back;
    QList<SelectionState> m_forward;
};

} // namespace moescope::ui
