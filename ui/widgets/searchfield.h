// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QLineEdit>

namespace moescope::ui {

/** One line to search or filter with an icon at the left and, while it is empty, its shortcut in a small key at the right. */
class SearchField : public QLineEdit {
    Q_OBJECT
public:
    explicit SearchField(QWidget* parent = nullptr);
    /** `name` is placeholder and accessible name. */
    SearchField(const QString& name, const QString& shortcutHint, QWidget* parent = nullptr);

    void setShortcutHint(const QString& hint);
    /** "search" unless told otherwise. */
    void setIconName(const QString& iconName);

protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void setMargins();

    QString m_hint;
    QString m_iconName = QStringLiteral("search");
};

} // namespace moescope::ui
