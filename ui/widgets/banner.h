// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QList>
#include <QWidget>

class QLabel;
class QPushButton;
class QVBoxLayout;

namespace moescope::ui {

class FlowLayout;
class IconButton;

/** A sentence about a lasting state in a tinted box with an icon. Its words are its accessible name; the text is plain. */
class Banner : public QWidget {
    Q_OBJECT
public:
    enum class Kind { Info, Ok, Warning, Error };

    explicit Banner(Kind kind, const QString& text = {}, QWidget* parent = nullptr);

    Kind kind() const { return m_kind; }
    /** With the icon of the kind. */
    void setKind(Kind kind);
    QString text() const { return m_text; }
    void setText(const QString& text);
    /** Bold words before the text. */
    void setLead(const QString& lead);
    /** Another icon than that of its kind. */
    void setIconName(const QString& iconName);
    /** A button below the text, in a row of its own where the width ends; the banner owns it. */
    QPushButton* addAction(const QString& text);
    /** With a cross that emits closed(); hiding is the owner's decision. */
    void setClosable(bool closable);

signals:
    void closed();

protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void refresh();
    void forgetSizes();

    Kind m_kind;
    QString m_text;
    QString m_lead;
    QString m_iconName;
    QLabel* m_label = nullptr;
    QVBoxLayout* m_column = nullptr;
    FlowLayout* m_actions = nullptr;
    IconButton* m_close = nullptr;
};

} // namespace moescope::ui
