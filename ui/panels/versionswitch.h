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

signals:
    void stepped(int step);

private:
    void refresh();

    IconButton* m_previous = nullptr;
    IconButton* m_next = nullptr;
    QLabel* m_label = nullptr;
    int m_version = 1;
    int m_versions = 1;
    bool m_enabled = true;
};

} // namespace moescope::ui
