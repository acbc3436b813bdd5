// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QAbstractButton>

class QLabel;

namespace moescope::ui {

/** The app's mark: a piece of the heatmap in a dark square, the same in both themes. */
class AppMark : public QWidget {
    Q_OBJECT
public:
    explicit AppMark(QWidget* parent = nullptr);

protected:
    void paintEvent(QPaintEvent* event) override;
};

/** A prompt to try, with what it is. */
class SuggestionCard : public QAbstractButton {
    Q_OBJECT
public:
    SuggestionCard(const QString& prompt, const QString& caption, QWidget* parent = nullptr);
    QSize sizeHint() const override { return {200, heightForWidth(200)}; }
    /** With the prompt in at most two lines. */
    int heightForWidth(int width) const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void enterEvent(QEnterEvent* event) override;
    void leaveEvent(QEvent* event) override;

private:
    static QFont promptFont();
    QStringList promptLines(int width) const;

    QString m_caption;
};

/** What the loaded model is, with its first words bold; a warning for random weights. */
class ModelBanner : public QWidget {
    Q_OBJECT
public:
    explicit ModelBanner(QWidget* parent = nullptr);
    void setWords(const QString& bold, const QString& rest, bool warning);

protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void apply();

    QLabel* m_text = nullptr;
    QString m_bold;
    QString m_rest;
    bool m_warning = false;
};

} // namespace moescope::ui
