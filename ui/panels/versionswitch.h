// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QWidget>

class QLabel;

namespace moescope::ui {

class IconButton;

/** "‹ 2 / 2 ›": steps through the versions of a message. */
class VersionSwitch : public QWidget {
    Q_OBJECT
public:
    explicit VersionSwitch(QWidget* parent = nullptr);

    void setVersion(int version, int versions);
    void setStepsEnabled(bool enabled);
    /** What makes this version another, "branch: “a” at token 93"; empty: nothing but the seed. A sign stands for it, and
     *  the words beside it if they are shown. */
    void setNote(const QString& note);
    void setNoteShown(bool shown);

signals:
    void stepped(int step);

private:
    void refresh();
    void changeEvent(QEvent* event) override;

    IconButton* m_previous = nullptr;
    IconButton* m_next = nullptr;
    QLabel* m_label = nullptr;
    QLabel* m_sign = nullptr;
    QLabel* m_note = nullptr;
    int m_version = 1;
    int m_versions = 1;
    bool m_enabled = true;
};

} // namespace moescope::ui
